import { rm, mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { start } from './children.ts'
import type { Child } from './children.ts'
import { accountOf } from './account.ts'
import type { Account } from './account.ts'
import type { Load } from './load.ts'
import { startServer } from './server.ts'
import type { TruthServer } from './server.ts'
import type { ClientTask, FromClient, Told } from './told.ts'

/** What disturbs a client while it measures. */
export interface Disturbance {
  /** So many processes compute without end on the client's core; with a niceness of their own where given. */
  readonly hogs?: number
  readonly nice?: number
  /** The client is stopped for so long, again and again. */
  readonly pause?: { readonly ms: number; readonly times: number; readonly everyMs: number }
}

/** One run of one client on one server. */
export interface Measurement {
  readonly server: { readonly build: string } | { readonly truthd: string }
  readonly client: { readonly build: string } | { readonly climit: string } | { readonly bare: true }
  readonly load: Load
  readonly disturbance?: Disturbance | undefined
}

/** A client that hangs is a finding, not a reason to wait for it. */
const TIMEOUT_MS = 90_000
/** From the load's begin to the first pause. */
const PAUSE_AFTER_MS = 400

/**
 * Runs a client on a server of its own, and compares what both say.
 * @throws {Error} where one of them failed
 */
export async function measure({ server, client, load, disturbance }: Measurement): Promise<Account> {
  const running = await startServer(server, load, 'server')
  const hogs = startHogs(disturbance)
  try {
    const told =
      'build' in client ? await runBuild(client.build, running, load, disturbance) : await runLimit(commandOf(client), running, load)
    return accountOf(told, await running.close(), load)
  } finally {
    for (const hog of hogs) hog.signal('SIGKILL')
    await Promise.all(hogs.map(({ closed }) => closed))
  }
}

function startHogs({ hogs = 0, nice = 0 }: Disturbance = {}): Child[] {
  const code = `require('node:os').setPriority(${nice});for(;;);`
  return Array.from({ length: hogs }, () => start('client', process.execPath, ['-e', code]))
}

async function runBuild(build: string, { port }: TruthServer, load: Load, disturbance: Disturbance = {}): Promise<Told> {
  const task: ClientTask = { build, port, load }
  const entry = fileURLToPath(new URL('client-process.ts', import.meta.url))
  const child = start('client', process.execPath, [entry, JSON.stringify(task)], { ipc: true })
  let told: Told | undefined
  child.process.on('message', (message: FromClient) => {
    if (message.type === 'told') told = message.told
    else void pauseAgain(child, disturbance.pause)
  })
  const { output } = await inTime(child)
  if (told === undefined) throw new Error(`the client ended without a word: ${output}`)
  return told
}

async function pauseAgain(child: Child, pause: Disturbance['pause']): Promise<void> {
  if (pause === undefined) return
  await sleep(PAUSE_AFTER_MS)
  for (let i = 0; i < pause.times && child.process.exitCode === null; i++) {
    child.signal('SIGSTOP')
    await sleep(pause.ms)
    child.signal('SIGCONT')
    await sleep(pause.everyMs - pause.ms)
  }
}

function commandOf(client: { readonly climit: string } | { readonly bare: true }): readonly [program: string, ...args: string[]] {
  if ('climit' in client) return [client.climit]
  return [process.execPath, fileURLToPath(new URL('bare-client.ts', import.meta.url))]
}

/** A client that is a limit; its log has a line `id sent ttft e2e` for each request, in ns. */
async function runLimit(
  [program, ...before]: readonly [string, ...string[]],
  { port }: TruthServer,
  { arrivals, requests, tokens }: Load,
): Promise<Told> {
  if (arrivals.kind !== 'streams') throw new Error('a client that is a limit knows no schedule')
  const folder = await mkdtemp(join(tmpdir(), 'llm-bench-fidelity-'))
  const log = join(folder, 'log')
  try {
    const args = [port, requests, arrivals.streams, tokens, arrivals.rampUp].map(String)
    const { code, output } = await inTime(start('client', program, [...before, ...args, log]))
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${output}`)
    const { cpu, wall } = JSON.parse(output) as { cpu: number; wall: number }
    const lines = (await readFile(log, 'utf8')).trim().split('\n')
    return {
      originNs: '0',
      threadCpuMicros: cpu * 1e6,
      processCpuMicros: cpu * 1e6,
      wallSeconds: wall,
      errors: [],
      requests: lines.map((line) => {
        const [id, sentNs, ttftNs, e2eNs] = line.split(' ').map(Number) as [number, number, number, number]
        // Requests are numbered as they are sent, each client's first one first.
        return [id, id % arrivals.streams, null, sentNs, sentNs + ttftNs, sentNs + e2eNs, tokens]
      }),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function inTime(child: Child): ReturnType<() => Child['closed']> {
  const timer = setTimeout(() => child.signal('SIGKILL'), TIMEOUT_MS)
  return await child.closed.finally(() => clearTimeout(timer))
}

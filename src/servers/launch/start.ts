import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { keepLog } from '../../child-process.ts'
import type { LaunchTargetSpec } from '../../dsl/launch.ts'
import { fillPorts } from '../../dsl/ports.ts'
import { LlmBenchError } from '../../errors.ts'
import type { LaunchedServer, ServerExit } from '../server.ts'
import { endFamily } from './family.ts'
import type { Family, FromSupervisor, LaunchOrder, ToSupervisor } from './messages.ts'

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './supervisor.ts' : './supervisor.js', import.meta.url)

/** How much longer than the server itself its supervisor may take to end. */
const SUPERVISOR_MS = 7000

export interface LaunchOptions extends Omit<LaunchOrder, 'spec'> {
  /** What it prints, now and then, until it is ready. */
  readonly onLine: (line: string) => void
  /** Gives the start up. */
  readonly signal: AbortSignal
}

/**
 * Launches a server under a supervisor, a process of its own that ends the server, and all that it started, when this process ends,
 * however that comes about.
 * @throws {LlmBenchError} `SERVER` where it does not get ready, with the end of its output; `CANCELLED` where the start is given up.
 * Nothing of it is left then.
 */
export async function startLaunched(spec: LaunchTargetSpec, { onLine, signal, ...order }: LaunchOptions): Promise<LaunchedServer> {
  if (process.platform === 'win32') {
    throw new LlmBenchError('USAGE', 'launch() needs Linux or macOS, for it ends a server by its process group: start the server yourself.')
  }
  const supervisor = fork(fileURLToPath(ENTRY), {
    execArgv: [],
    // What kills the group of the Vitest process, or its terminal, must leave the supervisor to its work.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const ownLog = keepLog(supervisor.stderr!)
  const send = (message: ToSupervisor): void => void supervisor.send(message, () => {})
  const stop = (): void => send({ type: 'stop' })
  let family: Family | undefined
  let failure: string | undefined
  const { promise: ready, resolve: isReady } = Promise.withResolvers<Extract<FromSupervisor, { type: 'ready' }>>()
  // Told as soon as the server is gone, while what it has left is still being ended.
  const { promise: toldExit, resolve: tellExit } = Promise.withResolvers<ServerExit>()
  supervisor.on('message', (message: FromSupervisor) => {
    if (message.type === 'started') family = { leader: message.leader, mark: message.mark }
    else if (message.type === 'line') onLine(message.line)
    else if (message.type === 'ready') isReady(message)
    else if (message.type === 'failed') failure = message.message
    else tellExit({ code: message.code, signal: message.signal, log: message.log })
  })
  const ended = async (): Promise<void> => {
    const code = await whenExited(supervisor)
    // It ends the server before it ends itself, unless somebody has killed it.
    if (family !== undefined && code !== 0) await endFamily(family, spec.stopTimeout * 1000)
    failure ??= [`the supervisor of ${spec.name} was ended`, ...ownLog()].join('\n  ')
    tellExit({ code: null, signal: null, log: ownLog() })
  }
  const gone = ended()

  signal.addEventListener('abort', stop, { once: true })
  send({ type: 'start', spec, ...order })
  if (signal.aborted) stop()
  const first = await Promise.race([ready, gone])
  signal.removeEventListener('abort', stop)
  if (first === undefined) {
    if (signal.aborted) throw new LlmBenchError('CANCELLED', `${spec.name} was starting when the run was ended.`)
    throw new LlmBenchError('SERVER', `${failure}\n  Its whole output is in ${order.logFile}`)
  }
  letGo(supervisor)
  return {
    kind: 'launch',
    target: fillPorts(spec.target, first.ports),
    version: first.version,
    notes: first.notes,
    pid: family!.leader,
    exited: toldExit,
    close: async () => {
      supervisor.ref()
      stop()
      const overdue = setTimeout(() => supervisor.kill('SIGKILL'), spec.stopTimeout * 1000 + SUPERVISOR_MS)
      await gone
      clearTimeout(overdue)
    },
  }
}

function whenExited(supervisor: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    supervisor.once('error', () => supervisor.pid === undefined && resolve(null))
    supervisor.once('exit', (code) => resolve(code))
  })
}

/** Lets this process end although the server runs: its supervisor then ends it. */
function letGo(supervisor: ChildProcess): void {
  supervisor.unref()
  supervisor.channel?.unref()
  ;(supervisor.stderr as Partial<{ unref(): void }> | null)?.unref?.()
}

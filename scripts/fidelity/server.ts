import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { printed, start } from './children.ts'
import type { Child } from './children.ts'
import type { Load } from './load.ts'
import type { Seat } from './machine.ts'
import type { Spread } from './spread.ts'

/** What a server did with one request, in ns of the monotonic clock; not told apart from 0 where nothing was sent. */
export interface Truth {
  readonly receivedNs: bigint
  readonly firstNs: bigint
  readonly lastNs: bigint
  readonly tokens: number
}

/** A server that knows what it did. */
export interface TruthServer {
  readonly port: number
  /** Ends it. */
  close(): Promise<ServerAccount>
}

export interface ServerAccount {
  /** By the number in `#id=N` in the request. */
  readonly truth: ReadonlyMap<number, Truth>
  /** By how much its writes were later than planned, in ms, where it tells. */
  readonly sendDelayMs?: Spread | undefined
}

/** Starts the simulator of a build, or (`truthd`) a program that is called and logs as the one in docs/fidelity.md. */
export async function startServer(server: { build: string } | { truthd: string }, load: Load, seat: Seat): Promise<TruthServer> {
  return 'build' in server ? await startSimulator(server.build, load, seat) : await startTruthd(server.truthd, load, seat)
}

async function startSimulator(build: string, { ttftMs, itlMs }: Load, seat: Seat): Promise<TruthServer> {
  const options = ['--port', '0', '--ttft', String(ttftMs), '--itl', String(itlMs)]
  const child = start(seat, process.execPath, [join(build, 'src/cli.js'), 'serve', '--simulate', ...options])
  const [, port] = await printed(child, /127\.0\.0\.1:(\d+)/)
  const read = async (path: string): Promise<Response> => await fetch(`http://127.0.0.1:${port!}${path}`)
  return {
    port: Number(port),
    close: async () => {
      const truth = parseTruth(await (await read('/simulator/truth')).text())
      const { sendDelayMs } = (await (await read('/simulator/stats')).json()) as { sendDelayMs: Spread }
      await end(child)
      return { truth, sendDelayMs }
    },
  }
}

async function startTruthd(program: string, { ttftMs, itlMs }: Load, seat: Seat): Promise<TruthServer> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-bench-fidelity-'))
  const log = join(folder, 'log')
  const port = await freePort()
  const child = start(seat, program, [String(port), String(ttftMs), String(itlMs), '0', log])
  await listening(port, child)
  return {
    port,
    close: async () => {
      await end(child)
      const truth = parseTruth(await readFile(log, 'utf8'))
      await rm(folder, { recursive: true, force: true })
      return { truth }
    },
  }
}

async function end(child: Child): Promise<void> {
  child.process.kill()
  await child.closed
}

/** Lines of `id received first last tokens`. */
function parseTruth(log: string): Map<number, Truth> {
  const lines = log.split('\n').filter((line) => line !== '')
  return new Map(
    lines.map((line) => {
      const [id, receivedNs, firstNs, lastNs, tokens] = line.split(' ')
      return [
        Number(id),
        { receivedNs: BigInt(receivedNs!), firstNs: BigInt(firstNs!), lastNs: BigInt(lastNs!), tokens: Number(tokens) },
      ] as const
    }),
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function listening(port: number, child: Child): Promise<void> {
  for (let tries = 0; tries < 250; tries++) {
    const socket = connect(port, '127.0.0.1')
    const opened = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (opened) return
    if (child.process.exitCode !== null) break
    await sleep(20)
  }
  throw new Error(`nobody listens on port ${port}: ${(await Promise.race([child.closed, sleep(0, { output: '' })])).output}`)
}

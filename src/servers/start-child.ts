import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { childEnvironment, keepLog } from '../child-process.ts'
import type { SimulatorTargetSpec } from '../dsl/simulator.ts'
import type { EmbeddedTargetSpec } from '../dsl/targets.ts'
import { LlmBenchError } from '../errors.ts'
import { REPORT_MARK } from './child-protocol.ts'
import type { StartMessage, StartReport } from './child-protocol.ts'
import type { RunningServer, ServerExit } from './server.ts'

/** Loading a large model from a slow disk takes minutes. */
const START_TIMEOUT_MS = 300_000
const CLOSE_TIMEOUT_MS = 5000

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** Where a server is to run. */
export interface StartOptions {
  /** Absolute folder that relative paths of the spec resolve against. */
  readonly root: string
  /** Left out: a free one. */
  readonly port?: number | undefined
}

/**
 * Starts a server in a child process, on the loopback address. The child ends when this process does, however that comes about: it
 * reads a pipe that only this process holds open.
 * @param entry module that the child runs (`runChild`)
 * @param nodeOptions options of Node's own for that process
 * @throws {LlmBenchError} `SERVER` where it can't start, with the last lines of its log
 */
export async function startChild(
  entry: URL,
  spec: EmbeddedTargetSpec | SimulatorTargetSpec,
  options: StartOptions,
  nodeOptions: readonly string[] = [],
): Promise<RunningServer> {
  const child = spawn(process.execPath, [...nodeOptions, fileURLToPath(entry)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: childEnvironment(),
    windowsHide: true,
  })
  const log = keepLog(child.stderr)
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, log: [error.message] }))
    child.once('close', (code, signal) => resolve({ code, signal, log: log() }))
  })
  // A child that dies early breaks the pipe; `exited` tells of that.
  child.stdin.on('error', () => {})
  const message: StartMessage<typeof spec> = { spec, ...options }
  child.stdin.write(`${JSON.stringify(message)}\n`)

  const report = await firstReport(child, exited)
  if (report.type !== 'ready') {
    child.kill('SIGKILL')
    await exited
    throw new LlmBenchError('SERVER', [`the ${spec.kind} server can't start: ${report.message}`, ...log()].join('\n  '))
  }
  letGo(child)
  return {
    kind: spec.kind,
    baseURL: `http://127.0.0.1:${report.port}/v1`,
    model: report.model,
    version: report.version,
    tokenizer: report.tokenizer,
    pid: child.pid!,
    exited,
    close: () => close(child, exited),
  }
}

function firstReport(child: Child, exited: Promise<ServerExit>): Promise<StartReport> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: child.stdout })
    const settle = (report: StartReport): void => {
      clearTimeout(timer)
      lines.close()
      // Nothing more is expected, but a full pipe would block the child.
      child.stdout.resume()
      resolve(report)
    }
    const timer = setTimeout(
      () => settle({ type: 'failed', message: `it was not ready within ${START_TIMEOUT_MS / 1000} seconds` }),
      START_TIMEOUT_MS,
    )
    lines.on('line', (line) => {
      if (line.startsWith(REPORT_MARK)) settle(JSON.parse(line.slice(REPORT_MARK.length)) as StartReport)
    })
    void exited.then(({ code, signal }) =>
      settle({ type: 'failed', message: signal === null ? `its process ended with code ${code}` : `its process was ended by ${signal}` }),
    )
  })
}

/** Lets this process end although the server runs: the server then ends by itself. */
function letGo(child: Child): void {
  child.unref()
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Partial<{ unref(): void }>).unref?.()
}

async function close(child: Child, exited: Promise<ServerExit>): Promise<void> {
  child.ref()
  child.stdin.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), CLOSE_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}

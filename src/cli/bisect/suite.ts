import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ChildLog } from '../../child-log.ts'
import { childEnvironment } from '../../child-process.ts'
import { secretsInEnvironment } from '../../dsl/redact.ts'
import { LlmBenchError } from '../../errors.ts'
import { scrubber } from '../../targets/wire/secrets.ts'

/** A suite that is told to end writes its reports first, and servers of its own may take their time. */
const END_MS = 30_000
const SHOWN_LINES = 12

/** How a process is run. */
export interface ProcessOrder {
  readonly cwd: string
  /** Beside this process's environment. */
  readonly env: Readonly<Record<string, string>>
  /** File for its output. */
  readonly logFile: string
  /** Ends it. */
  readonly signal: AbortSignal
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null
  /** The end of its output. */
  readonly tail: readonly string[]
}

/**
 * Runs the project's suite: `vitest bench --run` with these arguments. Baselines are not written.
 * @throws {LlmBenchError} `USAGE` where the project has no Vitest; `CANCELLED`
 */
export function runSuite(args: readonly string[], order: ProcessOrder): Promise<ProcessEnd> {
  return run(process.execPath, [vitestOf(order.cwd), 'bench', '--run', '--update=none', ...args], {}, order)
}

/**
 * Runs a shell command.
 * @throws {LlmBenchError} `CANCELLED`
 */
export function runShell(command: string, order: ProcessOrder): Promise<ProcessEnd> {
  return run(command, [], { shell: true }, order)
}

function vitestOf(folder: string): string {
  try {
    const manifest = createRequire(join(folder, 'package.json')).resolve('vitest/package.json')
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: { vitest: string } }
    return join(dirname(manifest), bin.vitest)
  } catch (error) {
    throw new LlmBenchError('USAGE', `there is no Vitest in ${folder}: run this in the project whose suite is to be run`, { cause: error })
  }
}

async function run(command: string, args: readonly string[], options: SpawnOptions, order: ProcessOrder): Promise<ProcessEnd> {
  const { cwd, env, logFile, signal } = order
  signal.throwIfAborted()
  const secrets = secretsInEnvironment({ ...process.env, ...env })
  const log = new ChildLog(logFile, scrubber(secrets), Math.max(0, ...secrets.map((secret) => secret.length)))
  // A group of its own: Ctrl-C in the terminal is ours to answer, once.
  const child = spawn(command, args, {
    ...options,
    cwd,
    env: { ...childEnvironment(), ...env, NO_COLOR: '1', FORCE_COLOR: undefined },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr]) if (stream !== null) log.read(stream)
  const end = (): void => endGroup(child)
  signal.addEventListener('abort', end, { once: true })
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    signal.throwIfAborted()
    return { code, tail: log.tail.slice(-SHOWN_LINES) }
  } finally {
    signal.removeEventListener('abort', end)
    log.close()
  }
}

/** In order first; what is left of the group after a while is killed. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => killGroup(child.pid!), END_MS)
  child.once('exit', () => {
    clearTimeout(timer)
    killGroup(child.pid!)
  })
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // It is gone.
  }
}

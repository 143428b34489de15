/**
 * The supervisor of a launched server: a process of its own session between Vitest and the server. It holds a channel to the Vitest
 * process and ends the server, and all that it started, when that closes, however that comes about.
 * @module
 */
import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { ChildLog } from '../../child-log.ts'
import type { LaunchTargetSpec } from '../../dsl/launch.ts'
import { fillPorts } from '../../dsl/ports.ts'
import { redact, secretsIn, secretsInEnvironment } from '../../dsl/redact.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'
import { scrubber } from '../../targets/wire/secrets.ts'
import type { ServerExit } from '../server.ts'
import { endFamily } from './family.ts'
import { MARK_VARIABLE } from './messages.ts'
import type { Family, FromSupervisor, LaunchOrder, ToSupervisor } from './messages.ts'
import { findPorts, refuseTaken } from './ports.ts'
import { watchReady } from './ready.ts'
import { findVersion } from './version.ts'

/** Milliseconds between two lines of the log that are handed on. */
const LINE_INTERVAL_MS = 500
/** What a process has written is read soon after its end, unless children of it hold its pipes. */
const LAST_OUTPUT_MS = 500

let family: Family | undefined
let stopMs = 0
let log: ChildLog | undefined
const ending = new AbortController()

process.on('message', (message: ToSupervisor) => {
  if (message.type === 'stop') void end()
  else void launch(message)
})
process.on('disconnect', () => void end())
// A session of its own gets no signals of the terminal; these are meant.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end())
if (!process.connected) void end()

async function launch(order: LaunchOrder): Promise<void> {
  try {
    await supervise(order)
  } catch (error) {
    // Told to end meanwhile, nobody asks any more.
    if (!ending.signal.aborted) await report({ type: 'failed', message: messageOf(error) })
    void end()
  }
}

async function supervise({ spec: raw, root, logFile }: LaunchOrder): Promise<void> {
  stopMs = raw.stopTimeout * 1000
  const ports = await findPorts(raw)
  const spec = fillPorts(raw, ports)
  await refuseTaken(spec, root)
  const secrets = [...secretsInEnvironment(process.env), ...secretsIn(spec)]
  const scrub = scrubber(secrets)
  log = new ChildLog(logFile, scrub, Math.max(0, ...secrets.map((secret) => secret.length)))
  const mark = randomUUID()
  const options = processOptions(spec, root, mark)
  if (ending.signal.aborted) return
  const child = spawn(spec.command, spec.args, options)
  const exited = watchExit(child, log)
  if (child.pid !== undefined) {
    family = { leader: child.pid, mark }
    void report({ type: 'started', ...family })
  }

  const startedAt = performance.now()
  const tellLine = throttledLines()
  const untell = log.onLine(tellLine)
  const notes: string[] = []
  const asking = { target: spec.target, root, signal: ending.signal }
  const version = spec.version === undefined || (typeof spec.version === 'object' && 'url' in spec.version) ? undefined : ask(spec.version)
  const watch = watchReady(spec.ready, log, asking)
  const overdue = AbortSignal.timeout(spec.readyTimeout * 1000)
  await Promise.race([
    watch.ready,
    exited.then((exit) => {
      throw failure(`${spec.name} ${endOf(exit)} before it was ready, after ${secondsSince(startedAt)}`)
    }),
    new Promise((_, reject) =>
      overdue.addEventListener('abort', () =>
        reject(failure(`${spec.name} was not ready within ${spec.readyTimeout} seconds (\`ready.timeout\`): ${watch.state()}`)),
      ),
    ),
  ])
  untell()
  const found = await (version ?? (spec.version === undefined ? undefined : ask(spec.version)))
  await report({ type: 'ready', ports, notes, ...(found === undefined ? {} : { version: found }) })

  const exit = await exited
  await report({ type: 'exited', ...exit })
  await end()

  async function ask(wanted: NonNullable<LaunchTargetSpec['version']>): Promise<string | undefined> {
    try {
      return scrub(await findVersion(wanted, asking, options))
    } catch (error) {
      notes.push(`The version of ${spec.name} could not be found: ${scrub(messageOf(error))}.`)
      return undefined
    }
  }

  function failure(reason: string): LlmBenchError {
    const command = [spec.command, ...redact({ args: spec.args }).args].map(shellWord).join(' ')
    const tail = log!.tail
    const lines = tail.length === 0 ? ['it printed nothing'] : ['the end of its output:', ...tail]
    return new LlmBenchError('SERVER', [scrub(`${reason}; started as: ${command}`), ...lines].join('\n  '))
  }
}

/** Ends the server, if there is one, and then this process. */
async function end(): Promise<void> {
  if (ending.signal.aborted) return
  ending.abort()
  const left = family === undefined ? [] : await endFamily(family, stopMs)
  log?.close()
  process.exit(left.length === 0 ? 0 : 1)
}

function processOptions({ cwd, env }: LaunchTargetSpec, root: string, mark: string): SpawnOptions {
  const folder = resolve(root, cwd ?? '.')
  if (!existsSync(folder)) throw new LlmBenchError('SERVER', `\`cwd\` is ${JSON.stringify(cwd)}: there is no folder ${folder}`)
  const variables = Object.entries(env).map(([name, value]) => [name, value ?? undefined])
  return {
    cwd: folder,
    env: { ...process.env, ...Object.fromEntries(variables), [MARK_VARIABLE]: mark },
    // A group and a session of its own: Ctrl-C in the terminal is ours to answer, and the group is what we end.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  }
}

function watchExit(child: ChildProcess, output: ChildLog): Promise<ServerExit> {
  for (const stream of [child.stdout, child.stderr]) if (stream !== null) output.read(stream)
  return new Promise((done, fail) => {
    child.once('error', (error: NodeJS.ErrnoException) => fail(startError(child.spawnfile, error)))
    child.once('exit', (code, signal) => {
      const settle = (): void => done({ code, signal, log: [...output.tail] })
      const timer = setTimeout(settle, LAST_OUTPUT_MS)
      child.once('close', () => {
        clearTimeout(timer)
        settle()
      })
    })
  })
}

function startError(command: string, error: NodeJS.ErrnoException): LlmBenchError {
  const reason =
    error.code === 'ENOENT'
      ? 'there is no such program: check its name and PATH, or give its path'
      : error.code === 'EACCES'
        ? 'it may not be executed'
        : error.message
  return new LlmBenchError('SERVER', `\`command\` is ${JSON.stringify(command)}, and it can't be started: ${reason}`)
}

/** How a process ended, as a part of a sentence. */
function endOf({ code, signal }: ServerExit): string {
  if (signal !== null) return `was ended by ${signal}`
  return code === 0 ? 'ended with exit code 0 (the command must stay in the foreground)' : `ended with exit code ${code}`
}

function throttledLines(): (line: string) => void {
  let last = -Infinity
  return (line) => {
    const now = performance.now()
    if (line.trim() === '' || now - last < LINE_INTERVAL_MS) return
    last = now
    void report({ type: 'line', line: line.trim().slice(0, 200) })
  }
}

function secondsSince(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1000).toFixed(1)} s`
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** Resolves when the message is on its way; where the channel is gone, its end tells of that. */
function report(message: FromSupervisor): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send!(message, undefined, undefined, () => resolve())
    else resolve()
  })
}

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { childEnvironment, keepLog } from '../child-process.ts'
import { messageOf } from '../errors.ts'
import type { FromWorker, ToWorker } from './plan.ts'

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/**
 * Options of Node for a process that sends load.
 *
 * Room for young objects, a third of it in MiB: what is left of them is moved whenever it is full, in a pause in which no token is
 * read. With the default of 16 that takes 15 ms now and then, with 2 it is 5 ms at most, for hardly more in all.
 *
 * One thread collects garbage: it would wait for the others, and those have the lowest priority (`yieldHelperThreads`).
 *
 * An open loop collects garbage between requests (`GapCollector`).
 */
const FOR_LOAD = ['--max-semi-space-size=2', '--single-threaded-gc', '--expose-gc'] as const

/** What a load process is for. */
interface LoadKind {
  /** Of Node. */
  readonly options: readonly string[]
  /** How long it may take to hand over what it measured, once cancelled. */
  readonly cancelMs: number
  /** Whether what it prints is for the user: a target of their own may print. What engines print is kept for errors only. */
  readonly isHeard: boolean
}

/** Sends requests to a server. */
export const CLIENT: LoadKind = { options: FOR_LOAD, cancelMs: 5000, isHeard: true }

/** Runs an engine. A forward pass can't be broken off, and one of a large model takes many seconds. */
export const ENGINE: LoadKind = { options: [], cancelMs: 60_000, isHeard: false }

/** What runs a workload, apart from the code of tests. */
export interface LoadProcess {
  send(message: ToWorker): void
  /** Ends it, whatever it is doing. */
  kill(): void
  /** Resolves when it is gone. */
  readonly exited: Promise<void>
}

/** Takes what a load process says. */
export interface LoadListener {
  readonly onMessage: (message: FromWorker) => void
  /** It can't go on, or has ended; also called after its last message. */
  readonly onFailure: (reason: string, cause?: unknown) => void
}

/** Messages of ours, by their type. */
const TYPES = new Set<unknown>(['progress', 'piece', 'done', 'error'] satisfies FromWorker['type'][])

/** How long the output of a process that has ended is waited for: what that has started may hold it open for ever. */
const OUTPUT_MS = 500

/**
 * Starts a process for a workload. A thread would do for load that is sent to a server but for V8: what compiles and collects
 * garbage for all threads of a process has its options and its priority from there. An engine in a thread that is ended in the
 * middle of a forward pass takes its whole process along (native code throws where there is no JavaScript left to catch it), and so
 * would llama.cpp's own aborts.
 */
export function startLoadProcess(kind: LoadKind, listener: LoadListener): LoadProcess {
  let child: ChildProcess
  try {
    child = fork(fileURLToPath(ENTRY), {
      execArgv: [...kind.options],
      env: childEnvironment(),
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      windowsHide: true,
    })
  } catch (error) {
    queueMicrotask(() => listener.onFailure(messageOf(error), error))
    return { send: () => {}, kill: () => {}, exited: Promise.resolve() }
  }
  return {
    exited: listenTo(child, kind, listener),
    // A child that has ended breaks the channel, and one that could not be started has none; `exited` tells of either.
    send: (message) => void (child.connected && child.send(message, () => {})),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** @returns resolves when it is gone */
function listenTo(child: ChildProcess, { isHeard }: LoadKind, { onMessage, onFailure }: LoadListener): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      onFailure(messageOf(error), error)
      if (child.pid === undefined) resolve()
    })
    child.once('close', (code, signal) => {
      const end = signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`
      onFailure([`${end} before the run was over`, ...log()].join('\n  '))
      resolve()
    })
  })
  child.on('message', (message) => {
    if (isOurs(message)) onMessage(message)
  })
  // There are none where it could not be started.
  const outputs = [child.stdout, child.stderr].filter((output) => output !== null && output !== undefined)
  const log = keepLog(...outputs)
  if (isHeard) {
    child.stdout?.pipe(process.stdout, { end: false })
    child.stderr?.pipe(process.stderr, { end: false })
  }
  child.once('exit', () => {
    const timer = setTimeout(() => {
      for (const output of outputs) output.unpipe().destroy()
    }, OUTPUT_MS)
    child.once('close', () => clearTimeout(timer))
  })
  return gone
}

function isOurs(message: unknown): message is FromWorker {
  return typeof message === 'object' && message !== null && TYPES.has((message as { readonly type?: unknown }).type)
}

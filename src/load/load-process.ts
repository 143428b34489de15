import { fork } from 'node:child_process'
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
 */
const FOR_LOAD = ['--max-semi-space-size=2', '--single-threaded-gc'] as const

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

/**
 * Starts a process for a workload. A thread would do for load that is sent to a server but for V8: what compiles and collects
 * garbage for all threads of a process has its options and its priority from there. An engine in a thread that is ended in the
 * middle of a forward pass takes its whole process along (native code throws where there is no JavaScript left to catch it), and so
 * would llama.cpp's own aborts.
 */
export function startLoadProcess({ options, isHeard }: LoadKind, { onMessage, onFailure }: LoadListener): LoadProcess {
  const child = fork(fileURLToPath(ENTRY), {
    execArgv: [...options],
    env: childEnvironment(),
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const log = keepLog(child.stdout!, child.stderr!)
  if (isHeard) {
    child.stdout!.pipe(process.stdout, { end: false })
    child.stderr!.pipe(process.stderr, { end: false })
  }
  child.on('message', (message) => onMessage(message as FromWorker))
  const exited = new Promise<void>((resolve) => {
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
  return {
    // A child that has ended breaks the channel; `exited` tells of that.
    send: (message) => void child.send(message, () => {}),
    kill: () => void child.kill('SIGKILL'),
    exited,
  }
}

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { childEnvironment, keepLog } from '../child-process.ts'
import { messageOf } from '../errors.ts'
import { LOAD_THREAD } from './load-thread.ts'
import type { FromWorker, ToWorker } from './plan.ts'

const ENTRY = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** What runs a workload, apart from the code of tests. */
export interface LoadHost {
  /** How long it may take to hand over what it measured, once cancelled. */
  readonly cancelMs: number
  send(message: ToWorker): void
  /** Ends it, whatever it is doing. */
  kill(): void
  /** Resolves when it is gone. */
  readonly exited: Promise<void>
}

/** Takes what a host says. */
export interface HostListener {
  readonly onMessage: (message: FromWorker) => void
  /** It can't go on, or has ended; also called after its last message. */
  readonly onFailure: (reason: string, cause?: unknown) => void
}

/** A thread: for load that is sent to a server. */
export function startThread({ onMessage, onFailure }: HostListener): LoadHost {
  const worker = new Worker(ENTRY, { ...LOAD_THREAD, name: 'llm-bench load' })
  worker.on('message', onMessage)
  worker.once('messageerror', (error) => onFailure(messageOf(error), error))
  worker.once('error', (error) => onFailure(messageOf(error), error))
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      onFailure(`it ended with exit code ${code} before the run was over`)
      resolve()
    })
  })
  return { cancelMs: 5000, send: (message) => worker.postMessage(message, []), kill: () => void worker.terminate(), exited }
}

/**
 * A process: for engines. A thread that is ended in the middle of a forward pass takes its whole process along (native code throws
 * where there is no JavaScript left to catch it), and so would llama.cpp's own aborts; whoever ends a process ends only that.
 */
export function startProcess({ onMessage, onFailure }: HostListener): LoadHost {
  const child = fork(fileURLToPath(ENTRY), {
    execArgv: [],
    env: childEnvironment(),
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const log = keepLog(child.stdout!, child.stderr!)
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
    // A forward pass can't be broken off, and one of a large model takes many seconds.
    cancelMs: 60_000,
    // A child that has ended breaks the channel; `exited` tells of that.
    send: (message) => void child.send(message, () => {}),
    kill: () => void child.kill('SIGKILL'),
    exited,
  }
}

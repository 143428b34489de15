/**
 * Runs one workload, as a thread or as a process of its own, and ends. A process ends with its parent, too.
 * @module
 */
import { setMaxListeners } from 'node:events'
import { parentPort } from 'node:worker_threads'
import { buffersOf } from '../metrics/columns.ts'
import { workerError } from './plan.ts'
import type { FromWorker, RunPlan, ToWorker } from './plan.ts'
import { runPlan } from './run-plan.ts'

/** The way to who started this. */
interface Channel {
  onMessage(listener: (message: ToWorker) => void): void
  post(message: FromWorker, transfer?: ArrayBuffer[]): void
  /** Lets this end, once all is sent: the channel is what keeps it alive, for all else is closed by the run. */
  close(): void
}

const channel = parentPort === null ? processChannel() : threadChannel(parentPort)
const cancel = new AbortController()
// Every request in flight listens.
setMaxListeners(0, cancel.signal)
channel.onMessage((message) => {
  if (message.type === 'cancel') cancel.abort()
  else void run(message.plan)
})

async function run(plan: RunPlan): Promise<void> {
  try {
    const record = await runPlan(plan, {
      onProgress: (progress) => channel.post({ type: 'progress', progress }),
      signal: cancel.signal,
    })
    channel.post({ type: 'done', record }, record.kind === 'requests' ? buffersOf(record.columns) : [])
  } catch (error) {
    channel.post({ type: 'error', error: workerError(error, `${plan.bench}: the load worker`) })
  } finally {
    channel.close()
  }
}

function threadChannel(port: NonNullable<typeof parentPort>): Channel {
  return {
    onMessage: (listener) => void port.on('message', listener),
    post: (message, transfer = []) => port.postMessage(message, transfer),
    close: () => port.close(),
  }
}

function processChannel(): Channel {
  if (process.send === undefined) throw new Error('the load worker is started by runInWorker')
  // Ctrl-C goes to the whole group of processes; the parent says when to end.
  process.on('SIGINT', () => {})
  process.on('disconnect', orphaned)
  if (!process.connected) orphaned()
  let last: Promise<void> = Promise.resolve()
  return {
    onMessage: (listener) => void process.on('message', (message) => listener(message as ToWorker)),
    post: (message) => {
      last = new Promise((resolve) => process.send!(message, () => resolve()))
    },
    close: () => {
      process.off('disconnect', orphaned)
      // What was posted last goes out before the channel closes.
      void last.then(() => process.disconnect())
    },
  }
}

/** Nothing less ends a process in the middle of a forward pass without an abort. */
function orphaned(): void {
  process.kill(process.pid, 'SIGKILL')
}

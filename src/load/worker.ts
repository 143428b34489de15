/**
 * Runs one workload as a process of its own, and ends; it ends with its parent, too.
 * @module
 */
import { setMaxListeners } from 'node:events'
import { yieldHelperThreads } from '../helper-threads.ts'
import { tierUp } from '../tier-up.ts'
import { workerError } from './plan.ts'
import type { FromWorker, RunPlan, ToWorker } from './plan.ts'
import { handOver } from './record-pieces.ts'

/** How long what a target of the user's own has left open may keep a process alive that has reported. */
const LINGER_MS = 2000

if (process.send === undefined) throw new Error('the load worker is started by runInWorker')
// Ctrl-C goes to the whole group of processes; the parent says when to end.
process.on('SIGINT', () => {})
process.on('disconnect', orphaned)
if (!process.connected) orphaned()

const cancel = new AbortController()
// Every request in flight listens.
setMaxListeners(0, cancel.signal)
process.on('message', (message: ToWorker) => {
  if (message.type === 'cancel') cancel.abort()
  else void run(message.plan)
})

async function run(plan: RunPlan): Promise<void> {
  let last: Promise<void>
  try {
    // Ctrl-C is not to meet this while it loads.
    const { runPlan } = await import('./run-plan.ts')
    if (plan.target !== undefined) tierUp('early')
    const record = await runPlan(plan, {
      onProgress: (progress) => void post({ type: 'progress', progress }),
      onLoad: (isRehearsed) => {
        yieldHelperThreads()
        tierUp(isRehearsed ? 'seldom' : 'usual')
      },
      signal: cancel.signal,
    })
    const rest = await handOver(record, (piece) => post({ type: 'piece', piece }))
    last = post({ type: 'done', record: rest })
  } catch (error) {
    last = post({ type: 'error', error: workerError(error, `${plan.bench}: the load worker`) })
  }
  process.off('disconnect', orphaned)
  // What was posted last goes out before the channel closes, which is what keeps this alive: all else is closed by the run.
  await last
  process.disconnect()
  setTimeout(() => process.exit(), LINGER_MS).unref()
}

/** @returns resolves when it is on its way */
function post(message: FromWorker): Promise<void> {
  return new Promise((resolve) => process.send!(message, () => resolve()))
}

/** Nothing less ends a process in the middle of a forward pass without an abort. */
function orphaned(): void {
  process.kill(process.pid, 'SIGKILL')
}

import { setMaxListeners } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { LlmBenchError, messageOf } from '../errors.ts'
import { buffersOf } from '../metrics/columns.ts'
import type { FromWorker, RunPlan, ToWorker } from './plan.ts'
import { runPlan } from './run-plan.ts'

if (parentPort === null) throw new Error('the load worker is started by runInWorker, as a worker thread')
const port = parentPort
const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

const cancel = new AbortController()
// Every request in flight listens.
setMaxListeners(0, cancel.signal)
port.on('message', (message: ToWorker) => {
  if (message.type === 'cancel') cancel.abort()
})

try {
  const { record, engine } = await runPlan(workerData as RunPlan, {
    onProgress: (progress) => post({ type: 'progress', progress }),
    signal: cancel.signal,
  })
  post({ type: 'done', record, engine }, record.kind === 'requests' ? buffersOf(record.columns) : [])
} catch (error) {
  const code = error instanceof LlmBenchError ? error.code : 'RUN_FAILED'
  post({ type: 'error', code, message: messageOf(error), stack: error instanceof Error ? error.stack : undefined })
} finally {
  // The port is what keeps the thread alive: all else was closed by the run.
  port.close()
}

import { Worker } from 'node:worker_threads'
import { LlmBenchError, messageOf } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { FromWorker, RunPlan, ToWorker } from './plan.ts'
import { COUNTING } from './request-record.ts'
import type { FinishedRun, RunHooks } from './run-plan.ts'

/** How long a cancelled worker may take to hand over what it measured. */
const CANCEL_MS = 5000
/** How long a worker that has reported may take to end by itself. */
const EXIT_MS = 2000

/**
 * Runs a workload in a thread of its own, which no test code slows down. An abort still resolves, with a partial record.
 * @throws {LlmBenchError} what the run threw, with its code; `CANCELLED` where the abort came before the load or was not
 * answered; `RUN_FAILED` where the worker itself failed
 */
export async function runInWorker(plan: RunPlan, hooks: RunHooks): Promise<FinishedRun> {
  const entry = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)
  const worker = new Worker(entry, { workerData: plan, execArgv: [], name: 'llm-bench load' })
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', () => resolve())
  })
  try {
    return await outcomeOf(worker, plan, hooks)
  } finally {
    await withTimeout(exited, EXIT_MS)
    await worker.terminate()
  }
}

function outcomeOf(worker: Worker, plan: RunPlan, { onProgress, signal }: RunHooks): Promise<FinishedRun> {
  return new Promise((resolve, reject) => {
    let overdue: NodeJS.Timeout | undefined
    const fail = (error: LlmBenchError): void => {
      settle()
      reject(error)
    }
    const cancel = (): void => {
      worker.postMessage({ type: 'cancel' } satisfies ToWorker, [])
      overdue = setTimeout(() => {
        fail(new LlmBenchError('CANCELLED', `${plan.bench}: cancelled, and the load worker did not hand over what it had measured`))
      }, CANCEL_MS)
    }
    const settle = (): void => {
      clearTimeout(overdue)
      signal.removeEventListener('abort', cancel)
    }
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'progress') {
        // Counting the tokens of a long run may take longer than a cancel may; it ends by itself.
        if (message.progress.phase === COUNTING) overdue?.refresh()
        return onProgress(message.progress)
      }
      if (message.type === 'error') return fail(errorOf(message))
      settle()
      resolve({ record: message.record, engine: message.engine })
    })
    worker.once('messageerror', (error) => fail(crash(plan, messageOf(error), error)))
    worker.once('error', (error) => fail(crash(plan, messageOf(error), error)))
    worker.once('exit', (code) => fail(crash(plan, `it ended with exit code ${code} before the run was over`)))
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { once: true })
  })
}

function errorOf({ code, message, stack }: Extract<FromWorker, { type: 'error' }>): LlmBenchError {
  const error = new LlmBenchError(code as ErrorCode, message)
  // Where it happened in the worker says more than where it was passed on.
  if (stack !== undefined) error.stack = stack
  return error
}

function crash(plan: RunPlan, reason: string, cause?: unknown): LlmBenchError {
  return new LlmBenchError('RUN_FAILED', `${plan.bench}: the load worker failed: ${reason}`, { cause })
}

async function withTimeout(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([promise, timeout])
  clearTimeout(timer)
}

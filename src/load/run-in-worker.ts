import { LlmBenchError } from '../errors.ts'
import { startProcess, startThread } from './load-host.ts'
import type { LoadHost } from './load-host.ts'
import { COUNTING } from './phases.ts'
import { errorOf } from './plan.ts'
import type { RunPlan } from './plan.ts'
import type { RunRecord } from '../metrics/record.ts'
import type { RunHooks } from './run-plan.ts'

/** How long a worker that has reported may take to end by itself. */
const EXIT_MS = 2000

/**
 * Runs a workload where no test code slows it down: load for a server in a thread, an engine in a process. An abort still resolves,
 * with a partial record.
 * @throws {LlmBenchError} what the run threw, with its code; `CANCELLED` where the abort came before the load or was not
 * answered; `RUN_FAILED` where the worker itself failed
 */
export function runInWorker(plan: RunPlan, { onProgress, signal }: RunHooks): Promise<RunRecord> {
  const { promise, resolve, reject } = Promise.withResolvers<RunRecord>()
  let overdue: NodeJS.Timeout | undefined
  const settle = (): void => {
    clearTimeout(overdue)
    signal.removeEventListener('abort', cancel)
  }
  const fail = (error: LlmBenchError): void => {
    settle()
    reject(error)
  }
  const start = plan.engine !== undefined ? startProcess : startThread
  const host = start({
    onMessage: (message) => {
      if (message.type === 'progress') {
        // Counting the tokens of a long run may take longer than a cancel may; it ends by itself.
        if (message.progress.phase === COUNTING) overdue?.refresh()
        return onProgress(message.progress)
      }
      if (message.type === 'error') return fail(errorOf(message.error))
      settle()
      resolve(message.record)
    },
    onFailure: (reason, cause) => fail(new LlmBenchError('RUN_FAILED', `${plan.bench}: the load worker failed: ${reason}`, { cause })),
  })
  const cancel = (): void => {
    host.send({ type: 'cancel' })
    overdue = setTimeout(() => {
      host.kill()
      fail(new LlmBenchError('CANCELLED', unanswered(plan, host)))
    }, host.cancelMs)
  }
  host.send({ type: 'run', plan })
  if (signal.aborted) cancel()
  else signal.addEventListener('abort', cancel, { once: true })
  return promise.finally(() => ended(host))
}

function unanswered({ bench }: RunPlan, { cancelMs }: LoadHost): string {
  return (
    `${bench}: cancelled, and the load worker did not hand over what it had measured within ${cancelMs / 1000} seconds. ` +
    'It was ended, and its figures are lost.'
  )
}

/** The next run must not share the machine with what is left of this one. */
async function ended(host: LoadHost): Promise<void> {
  const timer = setTimeout(() => host.kill(), EXIT_MS)
  await host.exited
  clearTimeout(timer)
}

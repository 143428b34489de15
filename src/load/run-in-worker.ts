import { LlmBenchError } from '../errors.ts'
import { CLIENT, ENGINE, startLoadProcess } from './load-process.ts'
import type { LoadProcess } from './load-process.ts'
import { COUNTING } from './phases.ts'
import { errorOf } from './plan.ts'
import type { RunPlan } from './plan.ts'
import { RecordAssembly } from './record-pieces.ts'
import type { RunRecord } from '../metrics/record.ts'
import type { RunHooks } from './run-plan.ts'

/** How long a worker that has reported may take to end by itself. */
const EXIT_MS = 2000

/**
 * Runs a workload where no test code slows it down: in a process of its own. An abort still resolves, with a partial record.
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
  const kind = plan.engine === undefined ? CLIENT : ENGINE
  const assembly = new RecordAssembly()
  const worker = startLoadProcess(kind, {
    onMessage: (message) => {
      if (message.type === 'progress') {
        // Counting the tokens of a long run may take longer than a cancel may; it ends by itself.
        if (message.progress.phase === COUNTING) overdue?.refresh()
        return onProgress(message.progress)
      }
      if (message.type === 'piece') {
        overdue?.refresh()
        return assembly.add(message.piece)
      }
      if (message.type === 'error') return fail(errorOf(message.error))
      settle()
      resolve(assembly.complete(message.record))
    },
    onFailure: (reason, cause) => fail(new LlmBenchError('RUN_FAILED', `${plan.bench}: the load worker failed: ${reason}`, { cause })),
  })
  const cancel = (): void => {
    worker.send({ type: 'cancel' })
    overdue = setTimeout(() => {
      worker.kill()
      fail(new LlmBenchError('CANCELLED', unanswered(plan, kind.cancelMs)))
    }, kind.cancelMs)
  }
  worker.send({ type: 'run', plan })
  if (signal.aborted) cancel()
  else signal.addEventListener('abort', cancel, { once: true })
  return promise.finally(() => ended(worker))
}

function unanswered({ bench }: RunPlan, cancelMs: number): string {
  return (
    `${bench}: cancelled, and the load worker did not hand over what it had measured within ${cancelMs / 1000} seconds. ` +
    'It was ended, and its figures are lost.'
  )
}

/** The next run must not share the machine with what is left of this one. */
async function ended(worker: LoadProcess): Promise<void> {
  const timer = setTimeout(() => worker.kill(), EXIT_MS)
  await worker.exited
  clearTimeout(timer)
}

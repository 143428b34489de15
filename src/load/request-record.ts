import type { Dataset } from '../datasets/dataset.ts'
import { LlmBenchError } from '../errors.ts'
import type { Clock } from '../metrics/clock.ts'
import type { ErrorCount, RequestRecord } from '../metrics/record.ts'
import type { Target } from '../targets/target.ts'
import { clientFacts } from './client-meter.ts'
import type { MeteredClient } from './client-meter.ts'
import type { LoopResult } from './loop-result.ts'
import type { ProgressMeter } from './progress-meter.ts'
import type { TokenCounter } from './token-counter.ts'

/** Phase in which a run that is over counts the tokens that its server did not. */
export const COUNTING = 'counting tokens'

export interface RecordContext {
  readonly bench: string
  readonly clock: Clock
  readonly dataset: Dataset
  readonly counter: TokenCounter
  readonly progress: ProgressMeter
  readonly model: string
  readonly version?: string | undefined
  /** Absent where an engine was driven without a wire. */
  readonly target?: Pick<Target, 'notes'> | undefined
  readonly streamed: boolean
  readonly openLoop: boolean
  /** What the client measured of itself, and how many requests at once the workload allows; absent where there was none. */
  readonly client?: { readonly metered: MeteredClient; readonly maxInFlight?: number | undefined } | undefined
  /** Why the run was ended though nobody asked for it. */
  readonly endedEarly?: string | undefined
}

/**
 * Makes the record of a run out of what its loop left, counting the tokens that are still to be counted.
 * @throws {LlmBenchError} `RUN_FAILED` where nothing was sent, or every request failed
 */
export async function recordOf(result: LoopResult, context: RecordContext): Promise<RequestRecord> {
  const { log } = result
  const { endedEarly } = context
  const partial = result.partial || endedEarly !== undefined
  if (!partial) assertSomeCompleted(context.bench, log.length, log.completed, log.errors)
  const { clock, counter, dataset } = context
  if (log.uncounted > 0) context.progress.phase = COUNTING
  const columns = await log.finish()
  const client =
    context.client &&
    (await clientFacts(
      context.client.metered,
      { ...context.client, mostInFlight: context.progress.mostInFlight, latenessNs: result.latenessNs },
      columns,
      context.streamed,
    ))
  const [startNs, endNs] = result.span ?? [clock.now(), clock.now()]
  return {
    kind: 'requests',
    originNs: clock.originNs,
    startNs,
    endNs,
    steadyNs: result.steadyNs,
    columns,
    errors: log.errors,
    tokens: counter.sources,
    dataset: { name: dataset.name, rows: dataset.rows.length, digest: dataset.digest, wrapped: result.wrapped },
    model: context.model,
    version: context.version,
    notes: [...dataset.notes, ...result.notes, ...log.notes, ...(context.target?.notes ?? []), ...counter.notes],
    partial,
    endedEarly,
    streamed: context.streamed,
    openLoop: context.openLoop,
    client,
    batches: result.batches,
  }
}

function assertSomeCompleted(bench: string, requests: number, completed: number, errors: readonly ErrorCount[]): void {
  if (completed > 0) return
  if (requests === 0) {
    throw new LlmBenchError('RUN_FAILED', `${bench}: no request was sent. Give the workload more requests or a longer duration.`)
  }
  const kinds = errors.map(({ kind, count }) => `${count} × ${kind}`).join(', ')
  throw new LlmBenchError(
    'RUN_FAILED',
    `${bench}: every one of ${requests} requests failed (${kinds}). The first: ${errors[0]?.example ?? 'unknown'}`,
  )
}

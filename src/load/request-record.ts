import type { Dataset } from '../datasets/dataset.ts'
import { LlmBenchError } from '../errors.ts'
import type { Clock } from '../metrics/clock.ts'
import { present } from '../metrics/present.ts'
import type { ClientFacts, CountedTokens, RequestRecord } from '../metrics/record.ts'
import { logNotes } from './log-facts.ts'
import type { LogFacts } from './log-facts.ts'
import type { LoopResult } from './loop-result.ts'
import type { RequestPart } from './request-part.ts'
import { countNotes } from './token-counter.ts'

export interface RecordContext {
  readonly bench: string
  readonly clock: Clock
  readonly dataset: Dataset
  readonly model?: string | undefined
  readonly version?: string | undefined
  readonly device?: string | undefined
  /** What must be known of how the server was reached. */
  readonly targetNotes?: readonly string[]
  readonly streamed: boolean
  readonly openLoop: boolean
  /** What the client measured of itself; absent where there was none. */
  readonly client?: ClientFacts | undefined
  /** By how much the server's own counters grew during the load. */
  readonly serverCounted?: CountedTokens | undefined
  /** Why the run was ended though nobody asked for it. */
  readonly endedEarly?: string | undefined
}

/**
 * Makes the record of a run out of what its loop and its requests came to.
 * @throws {LlmBenchError} `RUN_FAILED` where nothing was sent, or every request failed
 */
export function recordOf(result: LoopResult, requests: RequestPart, context: RecordContext): RequestRecord {
  const { clock, dataset, endedEarly } = context
  const { columns, log, tokens } = requests
  const partial = result.partial || endedEarly !== undefined
  if (!partial) assertSomeCompleted(context.bench, log)
  const [startNs, endNs] = result.span ?? [clock.now(), clock.now()]
  return {
    kind: 'requests',
    originNs: clock.originNs,
    startNs,
    endNs,
    steadyNs: result.steadyNs,
    columns,
    errors: log.errors.map(({ kind, count, example }) => ({ kind, count, example })),
    // Of a run that was cut short, the server has counted tokens that nobody waited for.
    tokens: { ...tokens.sources, ...present({ serverCounted: partial ? undefined : context.serverCounted }) },
    dataset: { name: dataset.name, rows: dataset.rows.length, digest: dataset.digest, wrapped: result.wrapped },
    model: context.model,
    version: context.version,
    device: context.device,
    notes: [...dataset.notes, ...result.notes, ...logNotes(log), ...(context.targetNotes ?? []), ...countNotes(tokens)],
    partial,
    endedEarly,
    streamed: context.streamed,
    openLoop: context.openLoop,
    client: context.client,
    answers: log.answers,
    batches: result.batches,
  }
}

function assertSomeCompleted(bench: string, { completed, requests, errors }: LogFacts): void {
  if (completed > 0) return
  if (requests === 0) {
    throw new LlmBenchError('RUN_FAILED', `${bench}: no request was sent. Give the workload more requests or a longer duration.`)
  }
  const kinds = errors.map(({ kind, count }) => `${count} × ${kind}`).join(', ')
  throw new LlmBenchError(
    'RUN_FAILED',
    `${bench}: ${requests === 1 ? 'the only request' : `every one of ${requests} requests`} failed (${kinds}). The first: ${errors[0]?.example ?? 'unknown'}`,
  )
}

import { DEFAULT_VALIDITY } from '../dsl/validity.ts'
import type { ValidityLimits } from '../dsl/validity.ts'
import { batchCaseMetrics } from './batch-cases.ts'
import type { RequestColumns } from './columns.ts'
import {
  cameInOneRead,
  connectMs,
  distributionOf,
  e2eFromScheduleMs,
  isCompleted,
  latenciesOf,
  perUserTokensPerSecond,
  type RequestFigure,
  scheduleDelayMs,
  ttftFromScheduleMs,
} from './latencies.ts'
import { present } from './present.ts'
import { ratesOver, totalsOf } from './rates.ts'
import type { RequestRecord, RunRecord } from './record.ts'
import { steadyMetrics } from './steady.ts'
import type { RequestMetrics, RunMetrics } from './summary-types.ts'
import { judgeClient } from './validity.ts'

/**
 * Reduces what a run recorded to its figures; pure. Its client is judged by the given limits. Failed requests count in `requests`, `failed` and the success rate
 * (completed / started, 0 to 1), never in latencies or tokens. Whatever can't be known is absent: all distributions where
 * nothing completed, token rates where a completed request's count is unknown, TTFT, TPOT and ITL where nothing streamed.
 */
export function summarize(record: RunRecord, limits: ValidityLimits = DEFAULT_VALIDITY): RunMetrics {
  if (record.kind === 'oneBatch') {
    return { kind: 'oneBatch', cases: record.cases.map(batchCaseMetrics), ...present({ agreement: record.agreement }) }
  }
  const metrics = summarizeRequests(record)
  const { client } = record
  return client === undefined ? metrics : { ...metrics, client: { ...judgeClient(client, metrics, limits), ...client } }
}

function summarizeRequests(record: RequestRecord): RequestMetrics {
  const { columns, streamed, steadyNs } = record
  const totals = totalsOf(columns)
  const requests = columns.length
  const wallSeconds = (record.endNs - record.startNs) / 1e9
  const ofCompleted = (figure: RequestFigure): ReturnType<typeof distributionOf> => distributionOf(columns, figure, isCompleted)
  const latencies = latenciesOf(columns, streamed, isCompleted)
  return {
    kind: 'requests',
    requests,
    completed: totals.completed,
    failed: requests - totals.completed,
    successRate: requests > 0 ? totals.completed / requests : 0,
    wallSeconds,
    ...present(ratesOver(wallSeconds, totals)),
    ...present(latencies),
    ...present({
      inputTokens: totals.inputTokens,
      outputTokens: totals.outputTokens,
      perUserTokensPerSecond: streamed ? ofCompleted(perUserTokensPerSecond) : undefined,
      scheduleDelay: distributionOf(columns, scheduleDelayMs, () => true),
      connect: distributionOf(columns, connectMs, () => true),
      // Answers that share a request share its prompt, whose tokens stand with the first of them.
      inputLength: ofCompleted(({ promptTokens }, i) => known(promptTokens[i]! || -1)),
      outputLength: ofCompleted(({ outputTokens }, i) => known(outputTokens[i]!)),
      fromSchedule: record.openLoop ? fromSchedule(record) : undefined,
      steady: steadyNs && steadyMetrics(columns, steadyNs, streamed),
      answersInOneRead: streamed ? inOneRead(columns) || undefined : undefined,
      itlBetween: latencies.itl && (chunksAreTokens(columns) ? 'tokens' : 'chunks'),
    }),
    finishReasons: finishReasons(columns),
    errors: record.errors.map((error) => ({ ...error })),
    tokens: { ...record.tokens },
    dataset: { ...record.dataset },
  }
}

function inOneRead(columns: RequestColumns): number {
  let count = 0
  for (let i = 0; i < columns.length; i++) if (isCompleted(columns, i) && cameInOneRead(columns, i)) count++
  return count
}

function known(count: number): number {
  return count < 0 ? Number.NaN : count
}

function fromSchedule({ columns, streamed }: RequestRecord): RequestMetrics['fromSchedule'] {
  const latencies = present({
    ttft: streamed ? distributionOf(columns, ttftFromScheduleMs, isCompleted) : undefined,
    e2e: distributionOf(columns, e2eFromScheduleMs, isCompleted),
  })
  return Object.keys(latencies).length > 0 ? latencies : undefined
}

/** Request by request: over a run, a chunk of two tokens here and a lost one there must not cancel out. */
function chunksAreTokens(columns: RequestColumns): boolean {
  for (let i = 0; i < columns.length; i++) {
    if (isCompleted(columns, i) && columns.chunks[i] !== columns.outputTokens[i]) return false
  }
  return true
}

function finishReasons(columns: RequestColumns): Record<string, number> {
  const counts = new Map<string, number>()
  for (let i = 0; i < columns.length; i++) {
    if (!isCompleted(columns, i)) continue
    const reason = columns.finishReasons[columns.finishReason[i]!] || 'unknown'
    counts.set(reason, (counts.get(reason) ?? 0) + 1)
  }
  return Object.fromEntries(counts)
}

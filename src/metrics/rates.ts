import type { RequestColumns } from './columns.ts'
import { isCompleted } from './latencies.ts'
import type { RateMetrics } from './summary-types.ts'

/** How many requests completed, and their tokens; a sum is undefined where one of its parts is unknown or none completed. */
export interface Totals {
  readonly completed: number
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
}

/** Rates, each undefined where it can't be known. */
export type Rates = { [Name in keyof Required<RateMetrics>]: number | undefined }

/** Sums over the completed requests: a failed request's tokens count nowhere. */
export function totalsOf(columns: RequestColumns): Totals {
  let completed = 0
  for (let i = 0; i < columns.length; i++) if (isCompleted(columns, i)) completed++
  return {
    completed,
    inputTokens: completed > 0 ? sumOfCompleted(columns, columns.promptTokens) : undefined,
    outputTokens: completed > 0 ? sumOfCompleted(columns, columns.outputTokens) : undefined,
  }
}

function sumOfCompleted(columns: RequestColumns, counts: Int32Array): number | undefined {
  let sum = 0
  for (let i = 0; i < columns.length; i++) {
    if (!isCompleted(columns, i)) continue
    if (counts[i]! < 0) return undefined
    sum += counts[i]!
  }
  return sum
}

/**
 * Throughput over a time: requests/s = completed / seconds, output tokens/s = Σ output tokens / seconds, total tokens/s =
 * Σ (input + output tokens) / seconds. Over the whole wall time, ramp-up and drain included, these are llm.perf's `qps`,
 * `o_tps` and `io_tps`. All are undefined where nothing completed or no time passed.
 */
export function ratesOver(seconds: number, { completed, inputTokens, outputTokens }: Totals): Rates {
  const per = (amount: number | undefined): number | undefined =>
    amount !== undefined && completed > 0 && seconds > 0 ? amount / seconds : undefined
  return {
    requestsPerSecond: per(completed),
    outputTokensPerSecond: per(outputTokens),
    totalTokensPerSecond: per(inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens),
  }
}

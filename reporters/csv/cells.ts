import type { RequestMetrics } from '../../src/metrics/summary-types.ts'
import type { RunReport } from '../../src/files/run-report.ts'

/** A run of requests with its figures. */
export type RequestRun = RunReport & { metrics: RequestMetrics }

/** A number with three decimals; an absent one is an empty cell. */
export function fixed3(value: number | undefined): string | undefined {
  return value?.toFixed(3)
}

/** A bench's name in a table that has a row for every run. */
export function runName({ bench, attempt, repeat, partial }: RunReport): string {
  return `${bench}${repeat === undefined ? '' : ` (run ${repeat.index + 1})`}${attempt > 0 ? ` (attempt ${attempt + 1})` : ''}${partial ? ' (partial)' : ''}`
}

/** A total over the whole wall time, as the seed systems define throughput; absent where either is unknown. */
export function perSecond(total: number | undefined, { wallSeconds }: RequestMetrics): number | undefined {
  return total === undefined || !(wallSeconds > 0) ? undefined : total / wallSeconds
}

/** Input and output tokens together; absent where one of them is unknown. */
export function totalTokens({ inputTokens, outputTokens }: RequestMetrics): number | undefined {
  return inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens
}

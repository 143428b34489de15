import { type Statistic, STATISTICS } from './percentiles.ts'
import type { BatchCaseMetrics, Distribution, RequestMetrics } from './summary-types.ts'

/** Latencies of a request. */
export const LATENCIES = ['ttft', 'ttfo', 'tpot', 'itl', 'e2e'] as const
/** Throughput of a run or of its steady window. */
export const RATES = ['requestsPerSecond', 'outputTokensPerSecond', 'totalTokensPerSecond'] as const
/** Figures of one case of a static batch. */
export const BATCH_FIGURES = [
  'prefillLatency',
  'prefillTokensPerSecond',
  'medianDecodeLatency',
  'decodeTokensPerSecond',
  'totalLatency',
  'overallTokensPerSecond',
] as const

/** Name of a latency. */
export type LatencyName = (typeof LATENCIES)[number]
/** Name of a rate. */
export type RateName = (typeof RATES)[number]
/** Name of a static batch's figure. */
export type BatchMetricName = (typeof BATCH_FIGURES)[number]

/** Names of the distributions that an assertion can be about. */
export type DistributionName =
  | LatencyName
  | `steady.${LatencyName}`
  | 'fromSchedule.ttft'
  | 'fromSchedule.e2e'
  | 'scheduleDelay'
  | 'connect'
  | 'perUserTokensPerSecond'

/** Name of a figure of a run of requests. */
type RequestMetricName = `${DistributionName}.${Statistic}` | RateName | `steady.${RateName}` | 'successRate'

/** Every name that an assertion can be about. */
export type MetricName = RequestMetricName | BatchMetricName | 'agreement'

/** Unit of a metric: ms, tokens/s, requests/s, or a share of 1. */
export type MetricUnit = 'ms' | 'tok/s' | 'req/s' | '%'

/** What a metric is. */
export interface MetricDefinition {
  readonly name: MetricName
  readonly unit: MetricUnit
  /** Kind of bound that a bare number is: at least for throughput and shares, at most for latencies. */
  readonly direction: 'min' | 'max'
  /** Kind of run that has it. */
  readonly of: 'requests' | 'oneBatch'
  /** The distribution that it is a statistic of, and which one. */
  readonly distribution?: DistributionName
  readonly statistic?: Statistic
}

function statisticsOf(distribution: DistributionName, unit: MetricUnit): MetricDefinition[] {
  return STATISTICS.map((statistic) => ({
    name: `${distribution}.${statistic}` as const,
    unit,
    // Less spread is better, whatever it is that spreads.
    direction: unit === 'ms' || statistic === 'std' ? 'max' : 'min',
    of: 'requests',
    distribution,
    statistic,
  }))
}

function ratesOf(prefix: '' | 'steady.'): MetricDefinition[] {
  return RATES.map((rate) => ({
    name: `${prefix}${rate}` as const,
    unit: rate === 'requestsPerSecond' ? 'req/s' : 'tok/s',
    direction: 'min',
    of: 'requests',
  }))
}

const DEFINITIONS: readonly MetricDefinition[] = [
  ...LATENCIES.flatMap((latency) => statisticsOf(latency, 'ms')),
  ...ratesOf(''),
  { name: 'successRate', unit: '%', direction: 'min', of: 'requests' },
  ...statisticsOf('perUserTokensPerSecond', 'tok/s'),
  ...LATENCIES.flatMap((latency) => statisticsOf(`steady.${latency}`, 'ms')),
  ...ratesOf('steady.'),
  ...statisticsOf('fromSchedule.ttft', 'ms'),
  ...statisticsOf('fromSchedule.e2e', 'ms'),
  ...statisticsOf('scheduleDelay', 'ms'),
  ...statisticsOf('connect', 'ms'),
  ...BATCH_FIGURES.map((name): MetricDefinition => {
    const isLatency = name.endsWith('Latency')
    return { name, unit: isLatency ? 'ms' : 'tok/s', direction: isLatency ? 'max' : 'min', of: 'oneBatch' }
  }),
  { name: 'agreement', unit: '%', direction: 'min', of: 'oneBatch' },
]

/** All metrics by name. */
export const METRICS: ReadonlyMap<string, MetricDefinition> = new Map(DEFINITIONS.map((metric) => [metric.name, metric]))

/**
 * A metric's figure, in the metric's unit (shares as 0 to 1).
 * @param figures a run of requests' metrics, or one case of a static batch
 * @returns undefined where the run does not have it
 */
export function readMetric(figures: RequestMetrics | BatchCaseMetrics, name: MetricName): number | undefined {
  const { distribution, statistic } = METRICS.get(name) ?? {}
  // A success rate of nothing is no rate.
  if (name === 'successRate' && 'requests' in figures && figures.requests === 0) return undefined
  const keys = distribution && statistic ? [...distribution.split('.'), statistic] : name.split('.')
  const value = keys.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], figures)
  return typeof value === 'number' ? value : undefined
}

/**
 * A distribution of a run of requests.
 * @returns undefined where the run does not have it
 */
export function readDistribution(metrics: RequestMetrics, name: DistributionName): Distribution | undefined {
  return name.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], metrics) as
    | Distribution
    | undefined
}

import type { BatchMetricName, DistributionName, LatencyName, MetricName, RateName } from '../metrics/metric-names.ts'
import type { Statistic } from '../metrics/percentiles.ts'
import type { Inconclusive } from './holding.ts'
import type { CaseSelector } from './slo-types.ts'

/** A share, as text (`'5%'`) or as a number (0.05). */
type Share = number | `${number}%`

/** The least change of a figure that matters: a share of it; of a share (`successRate`), points of it. */
type Within = Share | { within: Share }

type Statistics = { [Name in Statistic]?: Within }
type Dotted = { [Name in MetricName as Name extends `${string}.${string}` ? Name : never]?: Within }
type Distributions = { [Name in Exclude<DistributionName, `${string}.${string}`>]?: Statistics }
type DottedGroups = { [Name in Extract<DistributionName, `${string}.${string}`>]?: Statistics }
type Whole = { [Name in RateName | BatchMetricName | 'successRate' | 'agreement']?: Within }
type Latencies = { [Name in LatencyName]?: Statistics }
type Rates = { [Name in RateName]?: Within }

/**
 * The figures that are to hold, nested (`{ ttft: { p99: '10%' } }`) or dotted (`{ 'ttft.p99': { within: '10%' } }`); none named
 * means a set that fits the kind of run.
 * @example { outputTokensPerSecond: { within: '5%' }, 'ttft.p99': { within: '10%' }, inconclusive: 'fail' }
 */
export interface Hold extends Dotted, Distributions, DottedGroups, Whole {
  fromSchedule?: { ttft?: Statistics; e2e?: Statistics }
  /** The same figures over the steady window. */
  steady?: Latencies & Rates
  /** Axes of the cohort that may differ on purpose: `['engine.version']` checks an engine's upgrade. */
  across?: string | readonly string[]
  /** What it counts as when the runs decide nothing (default: `'warn'`, which passes and says so). */
  inconclusive?: Inconclusive
  /** Holds these cases of a static batch alone. */
  case?: CaseSelector
  /**
   * Holds the answers too: their mean length, how they ended, whether there were any (default: true). It fails by what is shown to
   * have changed, and leaves nothing inconclusive.
   */
  quality?: boolean
  /** Compares percentiles that the samples can't support. */
  allowFewSamples?: boolean
  /** Chance of calling a change that isn't there (default: 5 %). */
  falseAlarm?: Share
  /** Chance of passing a change as large as `within` (default: 15 %). */
  miss?: Share
}

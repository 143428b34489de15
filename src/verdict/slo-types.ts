import type { BatchMetricName, DistributionName, MetricName, RateName } from '../metrics/metric-names.ts'
import type { Statistic } from '../metrics/percentiles.ts'

/** Any text; unlike `string`, it leaves an editor its proposals. */
type Text = string & Record<never, never>

/** Bounds on one figure; an amount in text carries its unit. */
interface Range<Amount extends string> {
  /** At least. */
  min?: number | Amount | Text
  /** At most. */
  max?: number | Amount | Text
}

/** Bound on a latency: `'<= 200ms'`, `'< 0.2s'`, `{ min, max }`, or a number of ms, meaning at most. */
type LatencyThreshold = number | '<= 200ms' | '< 0.2s' | Text | Range<'200ms' | '0.2s'>
/** Bound on a token throughput: `'>= 1500 tok/s'`, `{ min, max }`, or a number of tokens/s, meaning at least. */
type TokenRateThreshold = number | '>= 1500 tok/s' | Text | Range<'1500 tok/s'>
/** Bound on a rate of requests: `'>= 10 req/s'`, `{ min, max }`, or a number of requests/s, meaning at least. */
type RequestRateThreshold = number | '>= 10 req/s' | Text | Range<'10 req/s'>
/** Bound on a share: `'>= 99%'`, `{ min, max }`, or a number from 0 to 1, meaning at least. */
type ShareThreshold = number | '>= 99%' | Text | Range<'99%'>

/** The kind of threshold that a metric takes. */
type ThresholdOf<Name extends MetricName> = Name extends 'successRate'
  ? ShareThreshold
  : Name extends `${string}equestsPerSecond`
    ? RequestRateThreshold
    : Name extends `${string}okensPerSecond${string}`
      ? TokenRateThreshold
      : LatencyThreshold

type Statistics<Of> = { [Name in Statistic]?: Of }
type Dotted = { [Name in MetricName as Name extends `${string}.${string}` ? Name : never]?: ThresholdOf<Name> }
type DottedGroups = { [Name in Extract<DistributionName, `${string}.${string}`>]?: Statistics<LatencyThreshold> }
type Rates = { [Name in RateName]?: ThresholdOf<Name> }
type BatchFigures = { [Name in BatchMetricName]?: ThresholdOf<Name> }

interface Latencies {
  /** Time to first token, of any kind. */
  ttft?: Statistics<LatencyThreshold>
  /** Time to the first token of the answer (not of reasoning). */
  ttfo?: Statistics<LatencyThreshold>
  /** Time per output token: (E2E − TTFT) / (output tokens − 1). */
  tpot?: Statistics<LatencyThreshold>
  /** Inter-token latency: gaps between token-bearing chunks, pooled over all requests. */
  itl?: Statistics<LatencyThreshold>
  /** End-to-end latency: last token − sent. */
  e2e?: Statistics<LatencyThreshold>
}

/**
 * Requests that meet every one of these limits, each by itself. A request without a figure does not meet a limit on it; a
 * one-token answer, which has no TPOT and no gaps, meets limits on them.
 */
interface Goodput {
  ttft?: LatencyThreshold
  ttfo?: LatencyThreshold
  tpot?: LatencyThreshold
  /** For every gap of the request. */
  itl?: LatencyThreshold
  e2e?: LatencyThreshold
  /** Their share of all requests that were started. */
  share?: ShareThreshold
  /** How many of them per second of wall time. */
  rate?: RequestRateThreshold
}

/** Which cases of a static batch are meant: those that have all the given lengths. */
export interface CaseSelector {
  batch?: number
  inputLength?: number
  outputLength?: number
}

/**
 * Thresholds of one run, nested (`{ ttft: { p99: '<= 200ms' } }`) or dotted (`{ 'ttft.p99': '<= 200ms' }`).
 * @example { ttft: { p99: '<= 200ms' }, outputTokensPerSecond: '>= 1500', successRate: '>= 99%' }
 */
export interface SLO extends Latencies, Rates, BatchFigures, Dotted, DottedGroups {
  /** Completed / started. */
  successRate?: ShareThreshold
  /** Output tokens per second of single requests: 1 / TPOT. */
  perUserTokensPerSecond?: Statistics<TokenRateThreshold>
  /** Sent − scheduled. */
  scheduleDelay?: Statistics<LatencyThreshold>
  /** Opening a connection, over the requests that opened one. */
  connect?: Statistics<LatencyThreshold>
  /** Latencies that count from the schedule (open loop). */
  fromSchedule?: { ttft?: Statistics<LatencyThreshold>; e2e?: Statistics<LatencyThreshold> }
  /** The same figures over the steady window. */
  steady?: Latencies & Rates
  goodput?: Goodput
  /** Tokens on which batched and single greedy decoding agree, of `oneBatch({ correctness: true })`. */
  agreement?: ShareThreshold
  /** Holds the thresholds against these cases of a static batch alone. */
  case?: CaseSelector
  /** Judges percentiles that the sample can't support, and marks them, in place of an error. */
  allowFewSamples?: boolean
}

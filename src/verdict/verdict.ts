/** One threshold held against one run. JSON-safe; every report renders it. */
export interface Verdict {
  /** Name of the bench. */
  bench: string
  /** The metric as it is named in code: `ttft.p99`, `outputTokensPerSecond`, `goodput.share`, `prefillTokensPerSecond[8×1024→1]`. */
  metric: string
  /** The threshold in words, unique within the run: `ttft.p99 <= 200ms`. */
  threshold: string
  /** `error`: the figure is absent or the sample can't support it. */
  state: 'pass' | 'fail' | 'error'
  /** Whether `.not` turned the threshold round; `state` already counts it. */
  negated?: boolean
  direction: 'min' | 'max'
  limit: number
  /** Absent where the run has no such figure. */
  measured?: number
  /** `ms`, `tok/s`, `req/s`, `%` (limit and measured are then shares of 1) or ''. */
  unit: Unit
  /** Share of the limit by which the figure holds (+) or breaks (−) it: 0.1 is 10 %. */
  margin?: number
  /** What a reader is told: measured value, limit, margin, worst requests. */
  message: string
  /** The requests that broke it by most, where the metric is a latency. */
  worst?: WorstRequest[]
  /** Set where `allowFewSamples` let a percentile stand that the sample can't support. */
  fewSamples?: { have: number; need: number }
  /** Where the bench was run several times: how often, and which of the runs, from 0, has the median figure, by which it is judged. */
  median?: { runs: number; repeat: number }
  /** Retry attempt that the verdict belongs to, from 0. */
  attempt: number
}

export type Unit = 'ms' | 'tok/s' | 'req/s' | '%' | ''

export interface WorstRequest {
  /** Index of the request in `requests.parquet`. */
  index: number
  client?: number
  promptIndex: number
  value: number
}

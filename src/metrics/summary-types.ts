import type { ClientFacts, DatasetFacts, ErrorCount, TokenSources } from './record.ts'
import type { ValidityVerdict } from './validity.ts'

/** Statistics of a sample. Absent statistics of an empty sample mean an absent distribution, never zeros. */
export interface Distribution {
  /** Size of the sample. */
  count: number
  /** Requests that the sample stems from, where it pools several values of one request (ITL). */
  requests?: number
  min: number
  max: number
  mean: number
  median: number
  /** Population standard deviation. */
  std: number
  p50: number
  p75: number
  p90: number
  p95: number
  p99: number
  'p99.9': number
}

/** Metrics that are distributions over requests (ITL: over gaps), in ms. */
export interface LatencyMetrics {
  /** Time to first token: first token − sent. */
  ttft?: Distribution
  /** Time to first answer token: first answer (not reasoning) token − sent. */
  ttfo?: Distribution
  /** Time per output token: (E2E − TTFT) / (output tokens − 1). */
  tpot?: Distribution
  /** Inter-token latency: gaps between token-bearing chunks, pooled. */
  itl?: Distribution
  /** End-to-end latency: last token − sent. */
  e2e?: Distribution
}

/** Throughput figures over some window. */
export interface RateMetrics {
  requestsPerSecond?: number
  outputTokensPerSecond?: number
  totalTokensPerSecond?: number
}

/** All figures of a run of requests. What can't be known is absent. */
export interface RequestMetrics extends LatencyMetrics, RateMetrics {
  kind: 'requests'
  /** Requests that were started. */
  requests: number
  completed: number
  failed: number
  /** Completed / started, 0 to 1. */
  successRate: number
  /** Whole wall time of the load in seconds, ramp-up and drain included. */
  wallSeconds: number
  inputTokens?: number
  outputTokens?: number
  /** Output tokens per second of one request: 1 / TPOT, in tokens/s. */
  perUserTokensPerSecond?: Distribution
  /** Sent − scheduled, in ms; of every request that was sent, for it tells of the load generator. */
  scheduleDelay?: Distribution
  /** Opening a connection, in ms; of every request that opened one, completed or not. */
  connect?: Distribution
  /** Input and output tokens of completed requests. */
  inputLength?: Distribution
  outputLength?: Distribution
  /** Latencies that count from the schedule (open loop). */
  fromSchedule?: { ttft?: Distribution; e2e?: Distribution }
  /** Figures of the steady window; absent where it is empty. */
  steady?: RateMetrics & LatencyMetrics & { seconds: number; completed: number }
  /** Gaps are between chunks, not tokens, where chunks and tokens differ in number. */
  itlBetween?: 'tokens' | 'chunks'
  /** Completed streamed answers whose tokens all came in one read of the socket; they have no TPOT and ITL. */
  answersInOneRead?: number
  /** Completed requests by finish reason. */
  finishReasons: Record<string, number>
  errors: ErrorCount[]
  tokens: TokenSources
  dataset: DatasetFacts
  /** What the client measured of itself, and whether the run counts; absent where an engine was driven without one. */
  client?: ClientMetrics
}

/** The client of a run: the judgement, and what it rests on. */
export type ClientMetrics = ValidityVerdict & ClientFacts

/** Figures of one case of a static batch; seconds and tokens/s as in the seed's files. */
export interface BatchCaseMetrics {
  batch: number
  inputLength: number
  outputLength: number
  /** ms */
  prefillLatency?: number
  prefillTokensPerSecond?: number
  /** ms; absent for an output of one token. */
  medianDecodeLatency?: number
  decodeTokensPerSecond?: number
  /** ms */
  totalLatency?: number
  overallTokensPerSecond?: number
  skipped?: string
}

export interface BatchMetrics {
  kind: 'oneBatch'
  cases: BatchCaseMetrics[]
  /** Share of tokens on which batched and single greedy decoding agree, 0 to 1; where `correctness` was asked for. */
  agreement?: number
}

/** The figures of a run: `run.metrics` in a bench file, `metrics` in every report. JSON-safe. */
export type RunMetrics = RequestMetrics | BatchMetrics

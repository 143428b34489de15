import type { DatasetSpec } from './datasets.ts'
import type { EngineSpec } from './engines.ts'
import type { AbortOnSpec, WarmupSpec } from './run-control.ts'
import type { Repeats } from './repeats.ts'
import type { TargetSpec } from './targets.ts'
import type { ValidityLimitsSpec } from './validity.ts'

/** How tokens are chosen and how many; what is left out is the server's own default. */
export interface SamplingSpec {
  /** Longest answer in tokens; where the dataset forces lengths, a cap on them. Left out: 128 for rows without a length of their own. */
  readonly maxTokens?: number | undefined
  readonly minTokens?: number | undefined
  readonly ignoreEos?: boolean | undefined
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  readonly topK?: number | undefined
  readonly doSample?: boolean | undefined
  readonly seed: number
}

/** What every workload has. */
interface RepeatedSpec {
  readonly repeats: Repeats
}

/** What every workload that sends requests has. */
export interface RequestWorkloadSpec extends SamplingSpec, RepeatedSpec {
  readonly dataset: DatasetSpec
  readonly target?: TargetSpec | undefined
  /** A local engine in the place of a server. */
  readonly engine?: EngineSpec | undefined
  readonly stream: boolean
  /** `'dataset'`: force the dataset's own lengths; `'free'`: force none; a number: force it. */
  /** Whether the answers' texts are kept. */
  readonly keepAnswers: boolean
  readonly outputLength: 'dataset' | 'free' | number
  /** A `tokenizer.json` for counts that the server does not report. */
  readonly tokenizer?: string | undefined
  /** Requests before the clock starts, outside all figures. */
  readonly warmup?: WarmupSpec | undefined
  /** Threads that share the load; `'auto'`: as many as it needs and the cores allow. */
  readonly workers: 'auto' | number
  /** Connections are opened, and the client's code is run warm, before the clock. */
  readonly preconnect: boolean
  /** Limits of validity that are this workload's own. */
  readonly validity?: ValidityLimitsSpec | undefined
  /** When the run is hopeless and ends early. */
  readonly abortOn?: AbortOnSpec | undefined
}

export interface RolloutSpec extends RequestWorkloadSpec {
  readonly kind: 'rollout'
  readonly batch: number
  readonly n: number
  readonly limit?: number | undefined
  readonly maxConcurrency: number
  readonly nPerRequest: boolean
  readonly resume: boolean
  readonly details: boolean
}

export interface ClientsSpec extends RequestWorkloadSpec {
  readonly kind: 'clients'
  readonly n: number
  /** Seconds. */
  readonly rampUp: number
  /** Total over all clients. */
  readonly requests?: number | undefined
  /** Seconds of load from the first client's start. */
  readonly duration?: number | undefined
  /** Seconds after which a client sends no more; requests in flight finish. */
  readonly stopAfter?: number | undefined
  readonly turns: number
  readonly systemPrompt?: string | undefined
  /** Seconds a client waits between an answer and its next request. */
  readonly thinkTime: number
  readonly order: 'per-client' | 'shared'
}

export interface RequestRateSpec extends RequestWorkloadSpec {
  readonly kind: 'requestRate'
  /** Requests a second. */
  readonly rate: number
  readonly requests?: number | undefined
  /** Seconds of arrivals. */
  readonly duration?: number | undefined
  readonly distribution: 'poisson' | 'constant' | 'gamma'
  /** Shape of the gamma distribution: 1 is Poisson, below 1 burstier, above 1 more even. */
  readonly burstiness: number
  readonly maxConcurrency?: number | undefined
  readonly systemPrompt?: string | undefined
}

export interface OfflineSpec extends SamplingSpec, RepeatedSpec {
  readonly kind: 'offline'
  readonly dataset: DatasetSpec
  readonly engine?: EngineSpec | undefined
  readonly requests: number
  /** Requests in flight at most; left out, all are submitted at once. */
  readonly concurrency?: number | undefined
  /** How requests are scheduled; left out, that is the engine's own to say. */
  readonly mode?: 'naive' | 'offline' | 'online' | undefined
  /** Requests that `online` decodes together at most. */
  readonly maxBatchSize?: number | undefined
  /** Whether the answers' texts are kept. */
  readonly keepAnswers: boolean
  readonly outputLength: 'dataset' | 'free' | number
  /** Short requests before the clock starts. */
  readonly warmup: WarmupSpec
  readonly tokenizer?: string | undefined
}

export interface OneBatchSpec extends RepeatedSpec {
  readonly kind: 'oneBatch'
  readonly batch: readonly number[]
  readonly inputLength: readonly number[]
  readonly outputLength: readonly number[]
  readonly engine?: EngineSpec | undefined
  readonly warmup: boolean
  /** Also compare batched with single decoding. */
  readonly correctness: boolean
  readonly runName: string
  readonly seed: number
}

/** Any workload, as plain data. */
export type WorkloadSpec = RolloutSpec | ClientsSpec | RequestRateSpec | OfflineSpec | OneBatchSpec

/** Workloads whose requests go to a server, or to an engine in its place. */
export type ServedWorkloadSpec = RolloutSpec | ClientsSpec | RequestRateSpec

/** Whether the workload can be run on a local engine alone. */
export function needsEngine(spec: WorkloadSpec): spec is OfflineSpec | OneBatchSpec {
  return spec.kind === 'offline' || spec.kind === 'oneBatch'
}

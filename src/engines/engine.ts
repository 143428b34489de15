import type { BatchCase } from '../metrics/record.ts'

/** What a workload wants of an engine. */
export interface EngineNeeds {
  /** What it will be asked for: some engines have a way of their own for each. */
  readonly use: 'generate' | 'oneBatch'
  /** Sequences that one static batch holds at most, for `oneBatch`. */
  readonly batch?: number | undefined
  /** How `generate` schedules its requests; left out, that is the engine's own to say. */
  readonly schedule?: Schedule | undefined
  /** Tokens of context that a sequence needs. */
  readonly contextLength: number
}

/** A way of scheduling; an engine that has a scheduler of its own for each uses that one. */
export interface Schedule {
  /** `naive`: one request after another; `offline`: all together to the end; `online`: as one ends, the next one joins. */
  readonly mode: 'naive' | 'offline' | 'online'
  /** Requests that are decoded together at most. */
  readonly together: number
}

/** What an engine is loaded in. */
export interface LoadContext {
  /** Absolute folder that relative paths resolve against. */
  readonly root: string
  /** Breaks loading off. */
  readonly signal?: AbortSignal | undefined
  /** Absolute folder for the engine's log, where it keeps one. */
  readonly logFolder?: string | undefined
}

/** A local engine. One is loaded for each run and closed after it. */
export interface Engine {
  /** What it says of itself, after `load`. */
  readonly info: EngineInfo
  /**
   * Generates for all requests at once; the engine batches as it can. Resolves when all have ended. May be called again meanwhile.
   * Times are `process.hrtime.bigint()` minus `originNs`, as numbers of nanoseconds.
   */
  generate(requests: readonly EngineRequest[], options: GenerateOptions): Promise<EngineAnswer[]>
  /** One static batch of random input tokens; every decode step holds all its sequences. */
  oneBatch(batch: OneBatchInput, signal: AbortSignal): Promise<BatchCase>
  close(): Promise<void>
}

export interface EngineInfo {
  readonly name: string
  readonly version: string
  readonly model: string
  /** Tokens of context that one sequence may have; absent where the engine sets no limit. */
  readonly contextLength?: number | undefined
  /** What it runs on, where it tells. */
  readonly device?: string | undefined
  /** Whether tokens have times; without, an answer comes as a whole, at `lastTokenNs`. */
  readonly streams: boolean
  /** The longest answer that every request must ask for; absent where each asks for its own. */
  readonly outputLength?: number | undefined
  /** Why the seeds of requests have no effect; absent where they have. */
  readonly noSeed?: string | undefined
  /** Why it can't time the steps of a static batch; absent where it can. */
  readonly noOneBatch?: string | undefined
}

export interface EngineRequest {
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  readonly maxTokens: number
  readonly minTokens?: number | undefined
  readonly ignoreEos: boolean
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  readonly topK?: number | undefined
  readonly seed: number
}

export interface GenerateOptions {
  readonly originNs: bigint
  readonly signal: AbortSignal
  /** Whether answers hold the ids of their tokens (default: false). */
  readonly keepTokens?: boolean | undefined
  /** Called as tokens come, with how many; for progress only. */
  readonly onTokens?: (count: number) => void
  /** Called as each request ends. */
  readonly onAnswer?: (index: number, answer: EngineAnswer) => void
}

/** The answer to one request; times relative to the origin. */
export interface EngineAnswer {
  readonly text: string
  readonly sentNs: number
  readonly firstTokenNs?: number | undefined
  readonly lastTokenNs?: number | undefined
  readonly gapsMs: Float32Array
  readonly promptTokens: number
  readonly outputTokens: number
  /** Ids of the output tokens, where they were asked for. */
  readonly tokens?: readonly number[] | undefined
  readonly finishReason?: 'length' | 'stop' | undefined
  /** Set where the request failed. */
  readonly error?: string | undefined
}

export interface OneBatchInput {
  readonly batch: number
  readonly inputLength: number
  readonly outputLength: number
  readonly seed: number
}

/** What an engine says of itself, for people. */
export function versionText({ name, version }: Pick<EngineInfo, 'name' | 'version'>): string {
  return `${name} ${version}`
}

import type { EngineRequest } from '../engine.ts'

/** Goes up with every change that an older driver, or an older package, would misunderstand. */
export const PROTOCOL = 1

/** A command to a driver; a line on its stdin is a list of those that belong together, as JSON. */
export type Command =
  | { readonly type: 'load'; readonly spec: unknown; readonly needs: unknown }
  | {
      readonly type: 'generate'
      readonly id: number
      /** On the clock that driver and parent share; as text, for it is too large for a number. */
      readonly originNs: string
      readonly requests: readonly EngineRequest[]
      /** Whether answers hold the ids of their tokens. */
      readonly keepTokens: boolean
    }
  | {
      readonly type: 'oneBatch'
      readonly id: number
      readonly batch: number
      readonly inputLength: number
      readonly outputLength: number
      readonly seed: number
    }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'close' }

/** A driver's report; each is a line of JSON on its stdout. Times are nanoseconds since the command's origin. */
export type Report =
  | { readonly type: 'hello'; readonly protocol: number; readonly python: string; readonly nowNs: string }
  | LoadedReport
  | { readonly type: 'error'; readonly kind: 'load'; readonly message: string }
  | { readonly type: 'error'; readonly kind: 'missing'; readonly module: string; readonly install: string; readonly python: string }
  | { readonly type: 'tokens'; readonly id: number; readonly count: number }
  | AnswerReport
  | CaseReport

/** The model is there. */
export interface LoadedReport {
  readonly type: 'loaded'
  readonly version: string
  readonly device: string
  readonly contextLength: number | null
  /** Whether tokens have times. */
  readonly streams: boolean
  /** Tokens that every answer may have; null where each request says it. */
  readonly outputLength: number | null
  /** Why the seeds of requests have no effect; null where they have. */
  readonly noSeed: string | null
  /** Why static batches can't be timed; null where they can. */
  readonly noOneBatch: string | null
}

/** A request has ended. */
export interface AnswerReport {
  readonly type: 'answer'
  readonly id: number
  readonly index: number
  readonly text: string
  readonly promptTokens: number
  readonly outputTokens: number
  readonly sentNs: number
  readonly firstNs: number | null
  readonly gapsNs: readonly number[]
  /** When the answer was there, where its tokens have no times. */
  readonly endNs?: number | null
  readonly tokens: readonly number[] | null
  readonly finishReason?: 'length' | 'stop'
  readonly error?: string
}

/** A static batch has ended. */
export interface CaseReport {
  readonly type: 'case'
  readonly id: number
  readonly prefillNs?: number | null
  readonly decodeNs?: readonly number[]
  /** Sequences in each forward pass, the prefill first. */
  readonly sequences?: readonly number[]
  readonly skipped?: string
  readonly error?: string
}

const TYPES: ReadonlySet<unknown> = new Set<Report['type']>(['hello', 'loaded', 'error', 'tokens', 'answer', 'case'])

/** Reads a line of a driver; undefined where it is no report. */
export function parseReport(line: string): Report | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  const known = typeof value === 'object' && value !== null && TYPES.has((value as { type?: unknown }).type)
  return known ? (value as Report) : undefined
}

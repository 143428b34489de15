import type { SamplingSpec } from '../dsl/workload-spec.ts'

/** Longest answer where neither the workload nor the dataset says; a longer `minTokens` raises it. */
const DEFAULT_MAX_TOKENS = 128

/** What a request asks for in length. */
export interface AnswerLength {
  readonly maxTokens: number
  readonly minTokens?: number | undefined
  readonly ignoreEos?: boolean | undefined
  /** Tokens that the answer must have, where its length is forced. */
  readonly forced?: number | undefined
}

/** What the length rules look at. */
export type LengthSpec = Pick<SamplingSpec, 'maxTokens' | 'minTokens' | 'ignoreEos'> & {
  readonly outputLength: 'dataset' | 'free' | number
}

/**
 * The length that a request asks for. Forced lengths are the number that the workload names, or the row's own, both capped by
 * `maxTokens`; `ignoreEos` and `minTokens` of the workload win over what forcing would set.
 * @param expected tokens of the answer that the dataset carries for this prompt
 */
export function answerLength(spec: LengthSpec, expected?: number): AnswerLength {
  const forced = forcedLength(spec, expected)
  if (forced === undefined) {
    const maxTokens = spec.maxTokens ?? Math.max(DEFAULT_MAX_TOKENS, spec.minTokens ?? 0)
    return { maxTokens, minTokens: spec.minTokens, ignoreEos: spec.ignoreEos }
  }
  const ignoreEos = spec.ignoreEos ?? true
  // A server answers 400 where the shortest answer is longer than the longest.
  const minTokens = spec.minTokens === undefined ? forced : Math.min(spec.minTokens, forced)
  return { maxTokens: forced, minTokens, ignoreEos, forced: ignoreEos || minTokens === forced ? forced : undefined }
}

function forcedLength(spec: LengthSpec, expected: number | undefined): number | undefined {
  if (spec.outputLength === 'free') return undefined
  const length = spec.outputLength === 'dataset' ? expected : spec.outputLength
  return length === undefined ? undefined : Math.max(1, Math.min(length, spec.maxTokens ?? length))
}

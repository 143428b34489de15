import type { Unit } from './verdict.ts'

/** One figure that a comparison is about, and the least change of it that matters. */
export interface Clause {
  /** Name of the figure, as a sample has it. */
  readonly metric: string
  readonly unit: Unit
  readonly direction: 'min' | 'max'
  /** Share of the reference; of a figure in %, a difference of shares. */
  readonly within: number
  /** Compares percentiles that a sample can't support. */
  readonly allowFewSamples?: boolean
}

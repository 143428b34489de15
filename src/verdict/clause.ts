import type { Direction } from './comparison.ts'
import type { Unit } from './verdict.ts'

/** One figure that a comparison is about, and the least change of it that matters. */
export interface Clause {
  /** Name of the figure, as a sample has it. */
  readonly metric: string
  readonly unit: Unit
  /** Whether more (`min`) or less (`max`) of it is better, or any change is for the worse (`either`). */
  readonly direction: Direction
  /** Share of the reference; of a figure in %, a difference of shares. */
  readonly within: number
  /**
   * Whether it is no aim but a guard: then it fails by what is shown to have changed, and passes by a change that is small enough,
   * however uncertain.
   */
  readonly guard?: boolean
  /** Compares percentiles that a sample can't support. */
  readonly allowFewSamples?: boolean
}

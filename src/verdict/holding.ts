import type { AxisDifference } from './cohort.ts'
import type { Comparison } from './comparison.ts'

/** One call of a matcher that holds a bench against earlier runs or another bench. JSON-safe; every report renders it. */
export interface Holding {
  /** Name of the bench. */
  bench: string
  /** Retry attempt of the test, from 0. */
  attempt: number
  matcher: 'toHoldBaseline' | 'toHoldAgainst' | 'toKeepAnswers'
  /** What it was held against, in words: `baseline of 2026-11-20, 10 runs`, `v1`. */
  against: string
  /**
   * `held`: nothing regressed, nothing undecided. `written`: the baseline was written just now. `invalid`: a run is client-bound or
   * partial, and nothing was judged. `error`: there is no baseline, or only one of another cohort, or a figure is absent.
   */
  state: 'held' | 'regressed' | 'inconclusive' | 'written' | 'invalid' | 'error'
  /** What `inconclusive` counts as. */
  inconclusive: Inconclusive
  /** Axes of the cohort on which both sides differ: allowed ones, or the reason of an error. */
  differences: AxisDifference[]
  /** One for each metric; none where nothing was compared. */
  comparisons: Comparison[]
  /** Sentences for the reader: corrections, degraded runs, what would settle it, why there is no comparison. */
  notes: string[]
}

/** What a comparison that decides nothing counts as: `warn` passes and says so. */
export type Inconclusive = 'fail' | 'warn' | 'pass'

import type { Unit } from './verdict.ts'

/** One figure of a bench held against the same figure of earlier runs, or of another bench. JSON-safe; every report renders it. */
export interface Comparison {
  /** Name of the bench. */
  bench: string
  /** Retry attempt of the test, from 0. */
  attempt: number
  /** What it is held against, in words: `baseline of 2026-11-20`, `v1`. */
  against: string
  /** The metric as it is named in code: `ttft.p99`, `outputTokensPerSecond`, `prefillTokensPerSecond[batch 8, in 1024, out 1]`. */
  metric: string
  unit: Unit
  direction: Direction
  /** Whether it is a guard of the answers' quality: told of only where it does not hold. */
  guard?: true
  /** The least change that matters, as a share of the reference (of a metric in %, as a difference of shares). */
  within: number
  /**
   * `regressed`, `improved`: the whole interval lies beyond `within`, on the bad or the good side. `pass`: its bad end lies inside.
   * `inconclusive`: neither. `error`: there is nothing to compare, or the sample can't support the figure.
   */
  state: 'pass' | 'improved' | 'regressed' | 'inconclusive' | 'error'
  /** Runs of each side, and their mean figure in the metric's unit; absent where there is none. */
  reference?: ComparedRuns
  measured?: ComparedRuns
  /** (measured − reference) / reference; of a metric in %, the difference of shares. */
  change?: number
  /** Ends of the change's confidence interval, the lower first. */
  interval?: [low: number, high: number]
  /** Runs of this side that would settle an inconclusive comparison; absent where no number would, or none can be told. */
  runsToSettle?: number
  /** What would settle an inconclusive comparison, in a sentence. */
  advice?: string
  /** What a reader is told: change, interval, verdict, advice. */
  message: string
}

/** One side of a comparison. */
interface ComparedRuns {
  runs: number
  value: number
  /** The runs' own figures, in the order in which they ran. */
  values: number[]
}

/** Whether more (`min`) or less (`max`) of a figure is better, as thresholds have it, or any change is for the worse (`either`). */
export type Direction = 'min' | 'max' | 'either'

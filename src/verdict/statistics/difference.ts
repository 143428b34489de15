import { studentTCdf, studentTQuantile } from './student-t.ts'

/** Fewer runs than these on a side say too little of how runs differ. */
export const LEAST_RUNS = 3

/** Figures of one side's runs, on the scale on which they are compared. */
export interface Side {
  /** One a run. */
  readonly values: readonly number[]
  /** Standard error of one run's figure from within the run; absent where the runs do not tell. */
  readonly withinRun?: number | undefined
  /** The least variance that the figure of one run has by its nature; absent where there is no such. */
  readonly leastVariance?: number | undefined
}

/** A difference of two means, with what is known of its error. */
export interface Difference {
  /** Mean of the measured side − mean of the reference. */
  readonly estimate: number
  readonly standardError: number
  /** Degrees of freedom of Student's t distribution that estimate / standard error follows. */
  readonly degrees: number
  /** Variance of one run's figure on either side. */
  readonly variances: readonly [reference: number, measured: number]
}

/** Mean of values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Σ(x − mean)² / (n − 1). */
function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
}

/**
 * The difference of two sides of at least {@link LEAST_RUNS} runs each, by Welch's t: its squared standard error is v₁/n₁ + v₂/n₂,
 * with v the variance of the side's runs, and it has (v₁/n₁ + v₂/n₂)² / ((v₁/n₁)²/(n₁ − 1) + (v₂/n₂)²/(n₂ − 1)) degrees of freedom.
 *
 * Source: B. L. Welch, "The generalization of 'Student's' problem when several different population variances are involved",
 * Biometrika 34 (1947).
 */
export function differenceOverRuns(reference: Side, measured: Side): Difference {
  const [v1, v2] = [reference, measured].map(({ values, leastVariance = 0 }) => Math.max(varianceOf(values), leastVariance)) as [
    number,
    number,
  ]
  return differenceOf(reference, measured, [v1, v2], [reference.values.length - 1, measured.values.length - 1])
}

function differenceOf(
  { values: x }: Side,
  { values: y }: Side,
  variances: readonly [number, number],
  degrees: readonly [number, number],
): Difference {
  const [a, b] = [variances[0] / x.length, variances[1] / y.length]
  const squared = a + b
  return {
    estimate: meanOf(y) - meanOf(x),
    standardError: Math.sqrt(squared),
    degrees: squared > 0 ? squared ** 2 / (a ** 2 / degrees[0] + b ** 2 / degrees[1]) : degrees[0] + degrees[1],
    variances,
  }
}

/** Chance of an estimate as high as this one, or higher, if the true difference were the bound. */
export function chanceAbove({ estimate, standardError, degrees }: Difference, bound: number): number {
  return studentTCdf(-inStandardErrors(estimate - bound, standardError), degrees)
}

/** Chance of an estimate as low as this one, or lower, if the true difference were the bound. */
export function chanceBelow({ estimate, standardError, degrees }: Difference, bound: number): number {
  return studentTCdf(inStandardErrors(estimate - bound, standardError), degrees)
}

/** The bounds that the true difference lies below, or above, with the chances given of being wrong. */
export function intervalOf({ estimate, standardError, degrees }: Difference, below: number, above: number): [low: number, high: number] {
  const away = (chance: number): number => standardError * studentTQuantile(1 - chance, degrees)
  return [estimate - away(below), estimate + away(above)]
}

/** Runs that all agree leave no error: then a difference is beyond a bound for certain, or exactly at it. */
function inStandardErrors(distance: number, standardError: number): number {
  return distance === 0 ? 0 : distance / standardError
}

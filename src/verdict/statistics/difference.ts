import { studentTCdf, studentTQuantile } from './student-t.ts'

/** Fewer runs than these on a side say too little of how runs differ from one another. */
export const LEAST_RUNS = 3

/** Figures of one side's runs, on the scale on which they are compared. */
export interface Side {
  /** One a run. */
  readonly values: readonly number[]
  /** Variance of one run's figure as its own requests show it; absent where they don't. */
  readonly withinRun?: number | undefined
  /** The least variance that one run's figure has by its nature, however alike the runs came out; absent where there is none. */
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

/** A variance, and the degrees of freedom that it is known with. */
interface Variance {
  readonly value: number
  readonly degrees: number
}

/** So many degrees of freedom are a normal distribution. */
const KNOWN = 1e6

/** Of a standard error from the batch means of one run. */
const WITHIN_RUN_DEGREES = 19

/** Mean of values. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/**
 * The difference of two sides of at least {@link LEAST_RUNS} runs each, by Welch's t: its squared standard error is v₁/n₁ + v₂/n₂,
 * where v = Σ(x − mean)² / (n − 1) is the variance of the side's runs, and its degrees of freedom are
 * (v₁/n₁ + v₂/n₂)² / ((v₁/n₁)²/(n₁ − 1) + (v₂/n₂)²/(n₂ − 1)).
 *
 * Source: B. L. Welch, "The generalization of 'Student's' problem when several different population variances are involved",
 * Biometrika 34 (1947).
 */
export function differenceOverRuns(reference: Side, measured: Side): Difference {
  return differenceOf(reference, measured, varianceOverRuns(reference), varianceOverRuns(measured))
}

/**
 * The difference of two sides of which one has fewer runs than {@link LEAST_RUNS}: a guess at how far it can be trusted. The variance
 * of a run is taken from the other side, where that has runs enough, or from within the runs, whichever is larger.
 * @returns undefined where neither is known
 */
export function differenceOfFew(reference: Side, measured: Side): Difference | undefined {
  const [before, now] = [guessedVariance(reference, measured), guessedVariance(measured, reference)]
  return before && now && differenceOf(reference, measured, before, now)
}

function varianceOverRuns({ values, leastVariance = 0 }: Side): Variance {
  const mean = meanOf(values)
  const degrees = values.length - 1
  const value = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / degrees
  return value >= leastVariance ? { value, degrees } : { value: leastVariance, degrees: KNOWN }
}

function guessedVariance(side: Side, other: Side): Variance | undefined {
  const overRuns = [side, other].find(({ values }) => values.length >= LEAST_RUNS)
  const known = [
    ...(overRuns === undefined ? [] : [varianceOverRuns({ values: overRuns.values })]),
    ...(side.withinRun === undefined ? [] : [{ value: side.withinRun, degrees: WITHIN_RUN_DEGREES }]),
    ...(side.leastVariance === undefined ? [] : [{ value: side.leastVariance, degrees: KNOWN }]),
  ]
  return known.toSorted((a, b) => b.value - a.value)[0]
}

function differenceOf({ values: x }: Side, { values: y }: Side, before: Variance, now: Variance): Difference {
  const [a, b] = [before.value / x.length, now.value / y.length]
  const squared = a + b
  const degrees = squared > 0 ? squared ** 2 / (a ** 2 / before.degrees + b ** 2 / now.degrees) : before.degrees + now.degrees
  return {
    estimate: meanOf(y) - meanOf(x),
    standardError: Math.sqrt(squared),
    degrees: Math.min(degrees, KNOWN),
    variances: [before.value, now.value],
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

/** Where the true difference lies, with the chances given that it lies below, or above. */
export function intervalOf({ estimate, standardError, degrees }: Difference, below: number, above: number): [low: number, high: number] {
  const away = (chance: number): number => standardError * studentTQuantile(1 - chance, degrees)
  return [estimate - away(below), estimate + away(above)]
}

/** Runs that all agree leave no error: then a difference is beyond a bound for certain, or exactly at it. */
function inStandardErrors(distance: number, standardError: number): number {
  return distance === 0 ? 0 : distance / standardError
}

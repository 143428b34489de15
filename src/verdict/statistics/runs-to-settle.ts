import { LEAST_RUNS } from './difference.ts'
import type { Difference } from './difference.ts'
import type { RunCounts } from './levels.ts'
import { studentTQuantile } from './student-t.ts'

/** More runs than these are no advice. */
const MOST_RUNS = 100

/** What more runs may be had. */
export interface MoreRuns {
  readonly present: RunCounts
  /** Whether the reference grows with the measured side, as it does where both run in turn. */
  readonly inStep: boolean
}

/**
 * How many runs of the measured side would put the whole interval on one side of a bound, if estimate and variances stay as they are:
 * the least n with |estimate − bound| ≥ t × √(v₁/n₁ + v₂/n). An estimate that comes out elsewhere needs more or fewer.
 * @param level chance of error of the claim that the estimate is on the way to
 * @returns undefined where no number up to 100 would do
 */
export function runsToSettle(difference: Difference, bound: number, level: number, { present, inStep }: MoreRuns): number | undefined {
  const distance = Math.abs(difference.estimate - bound)
  for (let runs = Math.max(LEAST_RUNS, present[1] + 1); runs <= MOST_RUNS; runs++) {
    const reference = inStep ? Math.max(present[0], runs) : present[0]
    if (reference < LEAST_RUNS) return undefined
    const [a, b] = [difference.variances[0] / reference, difference.variances[1] / runs]
    const degrees = (a + b) ** 2 / (a ** 2 / (reference - 1) + b ** 2 / (runs - 1))
    if (a + b === 0 || distance >= studentTQuantile(1 - level, degrees) * Math.sqrt(a + b)) return runs
  }
  return undefined
}

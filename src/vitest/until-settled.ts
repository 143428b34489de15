import type { Repeats } from '../dsl/repeats.ts'
import type { CheckedHold } from '../verdict/check-hold.ts'
import type { Clause } from '../verdict/clause.ts'
import { compareRuns } from '../verdict/compare.ts'
import type { ComparedBench } from '../verdict/compare.ts'
import type { Comparison } from '../verdict/comparison.ts'
import { planLooks } from '../verdict/looks.ts'
import type { RunCount } from '../verdict/looks.ts'
import type { RunSample } from '../verdict/run-sample.ts'
import type { MeasuredRun } from './bench-result.ts'

/** One side of a comparison. */
export interface ComparedSide {
  /** Its runs so far. */
  samples(): readonly RunSample[]
  readonly repeats: Repeats
  /** Adds a run. Absent where there is nothing to run. */
  readonly again?: () => Promise<void>
}

/**
 * Compares two sides, and runs them again while that decides nothing, up to their most. Each look is paid for: the plan of all
 * looks is known from the first.
 * @param refuse throws where a run counts for nothing; called before each look
 */
export async function untilSettled(
  sides: { readonly reference: ComparedSide; readonly measured: ComparedSide },
  clauses: readonly Clause[],
  { falseAlarm, miss }: Pick<CheckedHold, 'falseAlarm' | 'miss'>,
  about: ComparedBench,
  refuse: () => void,
): Promise<Comparison[]> {
  const { reference, measured } = sides
  const plan = {
    looks: planLooks(countOf(reference), countOf(measured)),
    ...(falseAlarm === undefined ? {} : { falseAlarm }),
    ...(miss === undefined ? {} : { miss }),
  }
  for (const [look, [theirs, ours]] of plan.looks.entries()) {
    const pairs = [[reference, theirs] as const, [measured, ours] as const]
    for (const [side, count] of look % 2 === 0 ? pairs : pairs.toReversed()) {
      while (side.samples().length < count && side.again !== undefined) await side.again()
    }
    refuse()
    const comparisons = compareRuns(reference.samples().slice(0, theirs), measured.samples().slice(0, ours), clauses, plan, about)
    if (look === plan.looks.length - 1 || isSettled(comparisons)) return comparisons
  }
  return []
}

/** A bench's runs as a side of a comparison. */
export function sideOf(run: MeasuredRun): ComparedSide {
  return { samples: (): RunSample[] => run.runs.map(({ sample }) => sample), repeats: run.repeats, again: () => run.again() }
}

function isSettled(comparisons: readonly Comparison[]): boolean {
  const has = (wanted: Comparison['state']): boolean => comparisons.some(({ state }) => state === wanted)
  return has('regressed') || has('error') || !has('inconclusive')
}

function countOf(side: ComparedSide): RunCount {
  return { runs: side.samples().length, repeats: side.repeats }
}

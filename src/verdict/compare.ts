import type { Clause } from './clause.ts'
import type { Comparison } from './comparison.ts'
import { comparisonText } from './comparison-text.ts'
import type { RunSample } from './run-sample.ts'
import { settlingOf } from './settling.ts'
import { chanceAbove, chanceBelow, intervalOf } from './statistics/difference.ts'
import type { Difference } from './statistics/difference.ts'
import { standingClaims } from './statistics/holm.ts'
import { levelAt } from './statistics/levels.ts'
import type { RunCounts } from './statistics/levels.ts'
import type { Scale } from './statistics/scale.ts'
import { weigh } from './weigh.ts'
import type { Weighed } from './weigh.ts'

/** How often is looked, and what error is borne. */
export interface ComparePlan {
  /**
   * Run counts of both sides at each look that may be taken, in order; the present look is the one whose counts are those of the
   * samples given. One look where nothing is repeated.
   */
  readonly looks: readonly RunCounts[]
  /** Chance, over all looks and metrics, of calling a change that isn't there beyond `within`; default 0.05. */
  readonly falseAlarm?: number
  /** Chance, over all looks, of passing a change as large as `within`; default 0.15. */
  readonly miss?: number
}

/** The default chance of calling a change that is no larger than `within`: at worst, for one of exactly that size. */
export const FALSE_ALARM = 0.05

/**
 * The default chance of passing a change of exactly `within`. With less, too many changes of half that size would stay undecided
 * where runs differ by 2 %: docs/statistics.md has the figures.
 */
export const MISS = 0.15

/** What all comparisons of a call have in common. */
export interface ComparedBench {
  readonly bench: string
  readonly attempt: number
  /** What it is held against, in words. */
  readonly against: string
}

/**
 * Holds runs against earlier ones, or against another bench's: one comparison a clause, in their order.
 *
 * A run is the unit: what its requests say of each other is no measure of how runs differ. A clause is `regressed`, or `improved`,
 * where the difference over runs lies beyond `within` at the level of `falseAlarm`, and `pass` where it lies inside at the level of
 * `miss`; both levels are those of the present look. Claims of a change are corrected for the number of clauses (Holm). Passes
 * are not: that nothing got worse is claimed only where every clause passes, and then wrong at most as often as any one is.
 *
 * Source of the last: R. L. Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24 (1982),
 * intersection–union tests.
 * @param against.bench, attempt, against stand in every comparison
 * @throws {RangeError} where the plan has no look at as many runs as are given
 */
export function compareRuns(
  reference: readonly RunSample[],
  measured: readonly RunSample[],
  clauses: readonly Clause[],
  plan: ComparePlan,
  { bench, attempt, against }: ComparedBench,
): Comparison[] {
  const { falseAlarm = FALSE_ALARM, miss = MISS, looks } = plan
  const present = [reference.length, measured.length] as const
  const alarmLevel = (claims: number): number => levelAt(looks, present, falseAlarm / claims)
  const missLevel = levelAt(looks, present, miss)

  const weighed = clauses.map((clause) => weigh(clause, reference, measured, against))
  const deciding = weighed.filter(decides)
  // A change that may be of either sign has two ways to be there by chance.
  const worse = claimsThat(({ difference, scale, ways }) => ways * chanceAbove(difference, scale.worst))
  const better = claimsThat(({ difference, scale }) => chanceBelow(difference, -scale.best))

  return clauses.map((clause, i) => {
    const { metric, unit, direction, within } = clause
    const guard = clause.guard === true ? ({ guard: true } as const) : {}
    const facts = { bench, attempt, against, metric, unit, direction, within, ...guard }
    const entry = weighed[i]!
    if (typeof entry === 'string') return { ...facts, state: 'error', message: entry }
    const { scale, difference, estimate } = entry
    const state = stateOf(entry, clause)
    const settling =
      state === 'inconclusive' ? settlingOf(entry, { looks, falseAlarm: falseAlarm / clauses.length, miss, against }) : undefined
    const comparison: Omit<Comparison, 'message'> = {
      ...facts,
      state,
      reference: comparedRuns(entry.reference, scale),
      measured: comparedRuns(entry.measured, scale),
      change: scale.changeOf(estimate),
      ...(difference === undefined ? {} : { interval: changesOf(difference, scale) }),
      ...(settling?.runs === undefined ? {} : { runsToSettle: settling.runs }),
      ...(settling === undefined ? {} : { advice: settling.advice }),
    }
    return { ...comparison, message: comparisonText(comparison) }
  })

  function claimsThat(chanceOf: (entry: Deciding) => number): ReadonlySet<Weighed> {
    const stand = standingClaims(deciding.map(chanceOf), alarmLevel)
    return new Set(deciding.filter((_, i) => stand[i]))
  }

  function stateOf(entry: Weighed, { guard = false }: Clause): Comparison['state'] {
    if (worse.has(entry)) return 'regressed'
    if (better.has(entry)) return 'improved'
    if (guard) return entry.estimate <= entry.scale.worst ? 'pass' : 'inconclusive'
    return decides(entry) && chanceBelow(entry.difference, entry.scale.worst) <= missLevel ? 'pass' : 'inconclusive'
  }

  /** The good end at the level at which one metric alone is called changed, the bad end at that of a pass. */
  function changesOf(difference: Difference, scale: Scale): [low: number, high: number] {
    const [best, worst] = intervalOf(difference, alarmLevel(1), missLevel).map(scale.changeOf) as [number, number]
    return best < worst ? [best, worst] : [worst, best]
  }
}

type Deciding = Weighed & { readonly difference: Difference }

function decides(entry: Weighed | string): entry is Deciding {
  return typeof entry !== 'string' && entry.decides
}

function comparedRuns(values: readonly number[], scale: Scale): NonNullable<Comparison['reference']> {
  return { runs: values.length, value: scale.middleOf(values), values: [...values] }
}

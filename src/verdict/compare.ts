import type { Comparison } from './comparison.ts'
import { comparisonText } from './comparison-text.ts'
import type { FigureSample, RunSample } from './run-sample.ts'
import { chanceAbove, chanceBelow, differenceOverRuns, intervalOf, LEAST_RUNS, meanOf } from './statistics/difference.ts'
import type { Difference, Side } from './statistics/difference.ts'
import { standingClaims } from './statistics/holm.ts'
import { scaleOf } from './statistics/scale.ts'
import type { Scale } from './statistics/scale.ts'
import type { Unit } from './verdict.ts'

/** What is asked of one figure: that it did not get worse by more than `within`. */
export interface Clause {
  /** The figure's name, as in {@link RunSample.figures}. */
  readonly metric: string
  readonly unit: Unit
  /** Whether more (`min`) or less (`max`) of it is better. */
  readonly direction: 'min' | 'max'
  /** The least change that matters, as a share of the reference; of a metric in %, a difference of shares. */
  readonly within: number
  /** Whether a figure that a run's sample can't support is compared all the same. */
  readonly allowFewSamples?: boolean
}

/** How often is looked, and what error is borne. */
export interface ComparePlan {
  /**
   * Run counts of both sides at each look that may be taken, in order; the present look is the one whose counts are those of the
   * samples given. One look where nothing is repeated.
   */
  readonly looks: readonly (readonly [reference: number, measured: number])[]
  /** Chance, over all looks and metrics, of calling a change that isn't there beyond `within`; default 0.05. */
  readonly falseAlarm?: number
  /** Chance, over all looks, of passing a change as large as `within`; default 0.1. */
  readonly miss?: number
}

/** The error that is borne where a plan names none. */
const FALSE_ALARM = 0.05
const MISS = 0.1

/** What all comparisons of a call have in common. */
export interface ComparedBench {
  readonly bench: string
  readonly attempt: number
  /** What it is held against, in words. */
  readonly against: string
}

/** A clause with what both sides' runs have to say. */
interface Weighed {
  readonly clause: Clause
  readonly scale: Scale
  readonly sides: Sides
  readonly difference?: Difference
}

interface Sides {
  readonly reference: readonly number[]
  readonly measured: readonly number[]
}

/**
 * Holds runs against earlier ones, or against another bench's: one comparison a clause, in their order.
 * @throws {RangeError} where the plan has no look at as many runs as are given
 */
export function compareRuns(
  reference: readonly RunSample[],
  measured: readonly RunSample[],
  clauses: readonly Clause[],
  plan: ComparePlan,
  about: ComparedBench,
): Comparison[] {
  const { falseAlarm = FALSE_ALARM, miss = MISS } = plan
  const weighed = clauses.map((clause) => weigh(clause, reference, measured, about))
  const settled = weighed.filter((entry): entry is Required<Weighed> => typeof entry !== 'string' && entry.difference !== undefined)
  const claims = (chanceOf: (entry: Required<Weighed>) => number): Set<unknown> => {
    const stand = standingClaims(settled.map(chanceOf), (count) => falseAlarm / count)
    return new Set(settled.filter((_, i) => stand[i]))
  }
  const worse = claims(({ difference, scale }) => chanceAbove(difference, scale.worst))
  const better = claims(({ difference, scale }) => chanceBelow(difference, -scale.best))
  return weighed.map((entry, i) => {
    const { metric, unit, direction, within } = clauses[i]!
    const common = { bench: about.bench, attempt: about.attempt, against: about.against, metric, unit, direction, within }
    if (typeof entry === 'string') return { ...common, state: 'error', message: entry }
    const { scale, sides, difference } = entry
    const state = stateOf()
    const measurements = {
      reference: comparedRuns(sides.reference, scale),
      measured: comparedRuns(sides.measured, scale),
      change: scale.changeOf(meanOf(sides.measured.map(scale.place)) - meanOf(sides.reference.map(scale.place))),
    }
    const interval = difference === undefined ? {} : { interval: scale.changesOf(intervalOf(difference, falseAlarm, miss)) }
    const comparison = { ...common, state, ...measurements, ...interval }
    return { ...comparison, message: comparisonText(comparison) }

    function stateOf(): Comparison['state'] {
      if (worse.has(entry)) return 'regressed'
      if (better.has(entry)) return 'improved'
      return difference !== undefined && chanceBelow(difference, scale.worst) <= miss ? 'pass' : 'inconclusive'
    }
  })
}

function comparedRuns(values: readonly number[], scale: Scale): NonNullable<Comparison['reference']> {
  return { runs: values.length, value: scale.middleOf(values), values: [...values] }
}

/** @returns why there is nothing to compare, where there is not */
function weigh(
  clause: Clause,
  reference: readonly RunSample[],
  measured: readonly RunSample[],
  { against }: ComparedBench,
): Weighed | string {
  const { metric } = clause
  const [theirs, ours] = [reference, measured].map((runs) => figuresOf(runs, metric)) as [FigureSample[], FigureSample[]]
  if (ours.length === 0) return `${metric} was not measured in this run.`
  if (theirs.length === 0) return `${metric} was not measured in ${against}.`
  const few =
    clause.allowFewSamples === true ? undefined : [...ours, ...theirs].find(({ fewSamples }) => fewSamples !== undefined)?.fewSamples
  if (few !== undefined) {
    return `${metric} needs ${few.need} samples in every run, and one has ${few.have}: send more requests, hold a lower percentile, or set \`allowFewSamples: true\`.`
  }
  const scale = scaleOf(clause)
  const sides = { reference: theirs.map(({ value }) => value), measured: ours.map(({ value }) => value) }
  if (!scale.holds([...sides.reference, ...sides.measured])) {
    return `${metric} has no relative change: it is 0 in one of the runs.`
  }
  const [before, now] = [sides.reference, sides.measured].map((values): Side => ({ values: values.map(scale.place) })) as [Side, Side]
  const enough = Math.min(theirs.length, ours.length) >= LEAST_RUNS
  return { clause, scale, sides, ...(enough ? { difference: differenceOverRuns(before, now) } : {}) }
}

function figuresOf(runs: readonly RunSample[], metric: string): FigureSample[] {
  return runs
    .map(({ figures }) => figures[metric])
    .filter((figure) => figure !== undefined && Number.isFinite(figure.value)) as FigureSample[]
}

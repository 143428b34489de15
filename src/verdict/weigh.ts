import type { Clause } from './clause.ts'
import type { FigureSample, RunSample } from './run-sample.ts'
import { differenceOfFew, differenceOverRuns, LEAST_RUNS, meanOf } from './statistics/difference.ts'
import type { Difference, Side } from './statistics/difference.ts'
import { scaleOf } from './statistics/scale.ts'
import type { Scale } from './statistics/scale.ts'
import { shareVariance } from './statistics/share-variance.ts'

/** What both sides' runs say of one clause. */
export interface Weighed {
  readonly scale: Scale
  /** The runs' figures, without those of runs that have none. */
  readonly reference: readonly number[]
  readonly measured: readonly number[]
  /** Difference of the sides' means on the scale. */
  readonly estimate: number
  /** The same with its error; absent where nothing is known of that. */
  readonly difference?: Difference
  /** Ways that the figure can go for the worse. */
  readonly ways: 1 | 2
  /** Whether there are runs enough to decide anything. */
  readonly decides: boolean
}

/** @returns why there is nothing to compare, where there is not */
export function weigh(clause: Clause, reference: readonly RunSample[], measured: readonly RunSample[], against: string): Weighed | string {
  const { metric } = clause
  const [theirs, ours] = [figuresOf(reference, metric), figuresOf(measured, metric)]
  if (ours.length === 0) return `${metric} was not measured here.`
  if (theirs.length === 0) return `${metric} was not measured in ${against}.`
  const few = clause.allowFewSamples === true ? undefined : [...ours, ...theirs].find(({ fewSamples }) => fewSamples !== undefined)
  if (few?.fewSamples !== undefined) {
    const { have, need } = few.fewSamples
    const where = ours.includes(few) ? 'here' : `in ${against}`
    return `${metric} needs ${need} samples a run, and ${where} one has ${have}: send more requests, hold a lower percentile, or set \`allowFewSamples: true\`.`
  }
  const figures = { reference: theirs.map(({ value }) => value), measured: ours.map(({ value }) => value) }
  const scale = scaleOf({ ...clause, direction: worseWay(clause, figures) })
  if (![...figures.reference, ...figures.measured].every((value) => scale.holds(value))) {
    return `${metric} is 0 in one of the runs, and has no relative change: bound it with \`toMeetSLO()\` instead.`
  }
  const [before, now] = [sideOf(theirs, scale), sideOf(ours, scale)]
  const decides = Math.min(theirs.length, ours.length) >= LEAST_RUNS
  const difference = decides ? differenceOverRuns(before, now) : differenceOfFew(before, now)
  const estimate = meanOf(now.values) - meanOf(before.values)
  const ways = clause.direction === 'either' ? 2 : 1
  return { scale, ways, ...figures, estimate, decides, ...(difference === undefined ? {} : { difference }) }
}

/** Where any change is for the worse, it is so the way that the figures went. */
function worseWay({ direction }: Clause, { reference, measured }: Pick<Weighed, 'reference' | 'measured'>): 'min' | 'max' {
  if (direction !== 'either') return direction
  return meanOf(measured) < meanOf(reference) ? 'min' : 'max'
}

function figuresOf(runs: readonly RunSample[], metric: string): FigureSample[] {
  return runs.flatMap(({ figures }) => {
    const figure = figures[metric]
    return figure !== undefined && Number.isFinite(figure.value) ? [figure] : []
  })
}

function sideOf(figures: readonly FigureSample[], scale: Scale): Side {
  return {
    values: figures.map(({ value }) => scale.place(value)),
    withinRun: meanOrNone(figures.map(({ value, standardError }) => standardError && (standardError * scale.slopeAt(value)) ** 2)),
    leastVariance: scale.isShare ? shareVariance(figures) : undefined,
  }
}

/** Of all or nothing: runs that know of their errors say nothing of those that don't. */
function meanOrNone(values: readonly (number | undefined)[]): number | undefined {
  return values.every((value) => value !== undefined) ? meanOf(values) : undefined
}

import type { Unit } from '../verdict.ts'
import { meanOf } from './difference.ts'

/** The scale on which a metric's figures are compared: more is worse, and a change that matters is as large everywhere. */
export interface Scale {
  /** The least difference that matters: on the bad side, and on the good one. */
  readonly worst: number
  readonly best: number
  /** Whether the figures have a place on it. */
  readonly holds: (values: readonly number[]) => boolean
  readonly place: (value: number) => number
  /** A difference on the scale as a share of the reference; of shares, as a difference of shares. */
  readonly changeOf: (difference: number) => number
  /** The same of a difference's bounds, the lower change first. */
  readonly changesOf: (differences: readonly [number, number]) => [low: number, high: number]
  /** Middle of figures, in their own unit: the geometric mean; of shares the mean. */
  readonly middleOf: (values: readonly number[]) => number
}

/**
 * Of shares, their difference; of anything else the logarithm, on which 5 % of a slow server's latency is as far as 5 % of a fast
 * one's, and a difference is the logarithm of a ratio.
 */
export function scaleOf({ unit, direction, within }: { unit: Unit; direction: 'min' | 'max'; within: number }): Scale {
  const sign = direction === 'max' ? 1 : -1
  const changesOf = ([low, high]: readonly [number, number], changeOf: (difference: number) => number): [number, number] =>
    sign > 0 ? [changeOf(low), changeOf(high)] : [changeOf(high), changeOf(low)]
  if (unit === '%') {
    const changeOf = (difference: number): number => sign * difference
    return {
      worst: within,
      best: within,
      holds: () => true,
      place: (value) => sign * value,
      changeOf,
      changesOf: (differences) => changesOf(differences, changeOf),
      middleOf: meanOf,
    }
  }
  const changeOf = (difference: number): number => Math.expm1(sign * difference)
  // A loss of everything is infinitely far away.
  const [more, less] = [Math.log1p(within), -Math.log1p(-Math.min(within, 1))]
  return {
    worst: sign > 0 ? more : less,
    best: sign > 0 ? less : more,
    holds: (values) => values.every((value) => value > 0),
    place: (value) => sign * Math.log(value),
    changeOf,
    changesOf: (differences) => changesOf(differences, changeOf),
    middleOf: (values) => Math.exp(meanOf(values.map((value) => Math.log(value)))),
  }
}

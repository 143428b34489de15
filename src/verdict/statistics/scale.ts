import type { Unit } from '../verdict.ts'
import { meanOf } from './difference.ts'

/** The scale on which a metric's figures are compared: more is worse, and a change that matters is as large everywhere. */
export interface Scale {
  readonly isShare: boolean
  /** The least difference that matters: on the bad side, and on the good one. */
  readonly worst: number
  readonly best: number
  /** Whether a figure has a place on it. */
  readonly holds: (value: number) => boolean
  readonly place: (value: number) => number
  /** By how much a place moves with its figure, at a figure. */
  readonly slopeAt: (value: number) => number
  /** A difference on the scale as a share of the reference; of shares, as a difference of shares. */
  readonly changeOf: (difference: number) => number
  /** Middle of figures, in their own unit: what {@link changeOf} relates. */
  readonly middleOf: (values: readonly number[]) => number
}

/**
 * Of shares, their difference; of anything else the logarithm, on which 5 % of a slow server's latency is as far as 5 % of a fast
 * one's, and a difference is the logarithm of a ratio. A middle there is the geometric mean.
 */
export function scaleOf({ unit, direction, within }: { unit: Unit; direction: 'min' | 'max'; within: number }): Scale {
  const sign = direction === 'max' ? 1 : -1
  if (unit === '%') {
    return {
      isShare: true,
      worst: within,
      best: within,
      holds: () => true,
      place: (value) => sign * value,
      slopeAt: () => 1,
      // Not −0.
      changeOf: (difference) => sign * difference + 0,
      middleOf: meanOf,
    }
  }
  // To lose everything is infinitely far.
  const [more, less] = [Math.log1p(within), -Math.log1p(-Math.min(within, 1))]
  return {
    isShare: false,
    worst: sign > 0 ? more : less,
    best: sign > 0 ? less : more,
    holds: (value) => value > 0,
    place: (value) => sign * Math.log(value),
    slopeAt: (value) => 1 / value,
    changeOf: (difference) => Math.expm1(sign * difference) + 0,
    middleOf: (values) => Math.exp(meanOf(values.map((value) => Math.log(value)))),
  }
}

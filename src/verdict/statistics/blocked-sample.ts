import { percentileOf } from '../../metrics/percentiles.ts'
import type { Statistic } from '../../metrics/percentiles.ts'
import type { Distribution } from '../../metrics/summary-types.ts'
import { BLOCKS, blockedError, NO_BLOCK } from './blocks.ts'
import { Histogram } from './histogram.ts'

const PERCENTILES = ['p50', 'p75', 'p90', 'p95', 'p99', 'p99.9'] as const

/** Between percentiles, and on both sides of them. */
const PLACES = PERCENTILES.length + 1

/** A sample, reduced to sums over blocks and a histogram: enough for the errors of its mean and percentiles. */
export class BlockedSample {
  readonly histogram = new Histogram()
  readonly #known: Distribution
  readonly #limits: Float64Array
  readonly #sums = new Float64Array(BLOCKS)
  readonly #counts = new Float64Array(BLOCKS)
  /** For each block, how many values lie up to each percentile of the whole and above the one before it. */
  readonly #upTo = new Float64Array(BLOCKS * PLACES)

  constructor(known: Distribution) {
    this.#known = known
    this.#limits = Float64Array.from(PERCENTILES, (name) => known[name])
  }

  add(value: number, block: number): void {
    this.histogram.add(value)
    if (block === NO_BLOCK) return
    this.#sums[block]! += value
    this.#counts[block]!++
    this.#upTo[block * PLACES + placeOf(value, this.#limits)]!++
  }

  /** Adds a stretch of values, all of one block: there may be tens of millions in all. */
  addStretch(values: Float32Array, from: number, to: number, block: number): void {
    this.histogram.addStretch(values, from, to)
    if (block === NO_BLOCK) return
    const [limits, upTo, begin] = [this.#limits, this.#upTo, block * PLACES]
    let sum = 0
    for (let k = from; k < to; k++) {
      const value = values[k]!
      sum += value
      upTo[begin + placeOf(value, limits)]!++
    }
    this.#sums[block]! += sum
    this.#counts[block]! += to - from
  }

  /** Standard errors of the mean and of the percentiles, in the sample's unit; of none where there are too few blocks. */
  errors(): Partial<Record<Statistic, number>> {
    const errors: Partial<Record<Statistic, number>> = {}
    const mean = blockedError(this.#sums, this.#counts)
    if (mean === undefined) return errors
    errors.mean = mean
    for (const [place, name] of PERCENTILES.entries()) errors[name] = this.#percentileError(place)
    errors.median = errors.p50!
    return errors
  }

  /**
   * Standard error of a percentile by Woodruff's method: the share of values that lie up to it has a standard error s by batch means,
   * and half the distance from the value at share p − s to the one at p + s is the percentile's. The values are read from a histogram
   * of 128 bins an octave.
   *
   * Source: R. S. Woodruff, "Confidence intervals for medians and other position measures", Journal of the American Statistical
   * Association 47 (1952).
   */
  #percentileError(place: number): number {
    const below = Float64Array.from({ length: BLOCKS }, (_, block) => {
      const begin = block * PLACES
      return this.#upTo.subarray(begin, begin + place + 1).reduce((sum, count) => sum + count, 0)
    })
    const share = percentileOf(PERCENTILES[place]!)! / 100
    const error = blockedError(below, this.#counts)!
    const { min, max } = this.#known
    const valueAt = (at: number): number => Math.min(max, Math.max(min, this.histogram.valueAt(at)))
    return (valueAt(share + error) - valueAt(share - error)) / 2
  }
}

/** How many of the limits, ascending, lie below a value. */
function placeOf(value: number, limits: Float64Array): number {
  let place = 0
  while (place < limits.length && value > limits[place]!) place++
  return place
}

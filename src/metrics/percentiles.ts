import { orderStatistics } from './order-statistics.ts'
import type { Distribution } from './summary-types.ts'

/** The statistics of a {@link Distribution}, in the order in which reports show them. */
export const STATISTICS = ['min', 'max', 'mean', 'median', 'std', 'p50', 'p75', 'p90', 'p95', 'p99', 'p99.9'] as const

/** Name of a statistic. */
export type Statistic = (typeof STATISTICS)[number]

/**
 * The p-th percentile of a sorted sample, linearly interpolated between the two nearest ranks: with h = (n − 1) × p / 100,
 * x⌊h⌋ + (h − ⌊h⌋) × (x⌈h⌉ − x⌊h⌋). In the sample's own unit.
 *
 * Source: NumPy's default method `linear`, definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages",
 * The American Statistician 50 (1996).
 * @param sorted ascending, not empty, free of NaN
 * @param p 0 to 100
 * @throws {RangeError} for an empty sample or a percentile outside 0 to 100
 */
export function percentile(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) throw new RangeError('an empty sample has no percentile')
  if (!(p >= 0 && p <= 100)) throw new RangeError(`a percentile lies between 0 and 100, not at ${p}`)
  return interpolate(sorted.length, p, (rank) => sorted[rank]!)
}

function interpolate(count: number, p: number, at: (rank: number) => number): number {
  const [below, above, share] = neighbours(count, p)
  const [low, high] = [at(below), at(above)]
  // Started from the nearer end, as NumPy does, so that the result never leaves [low, high] by rounding.
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share)
}

/** The ranks on both sides of a percentile, and how far it lies from the lower to the upper. */
function neighbours(count: number, p: number): [below: number, above: number, share: number] {
  const position = ((count - 1) * p) / 100
  const below = Math.floor(position)
  return [below, Math.min(below + 1, count - 1), position - below]
}

/**
 * Statistics of a sample, in the sample's own unit: mean = Σx / n, std = √(Σ(x − mean)² / n) (population), percentiles as
 * {@link percentile} has them.
 * @returns undefined for an empty sample
 * @throws {RangeError} for a value that is not finite: what is unknown must be left out by who knows why
 */
export function distribution(values: ArrayLike<number>): Distribution | undefined {
  return distributionInPlace(Float64Array.from(values))
}

/** {@link distribution} of an array that it may sort. */
export function distributionInPlace(values: Float64Array | Float32Array): Distribution | undefined {
  const whole = [0, values.length]
  return statisticsOf(values, whole, () => sortedReader(values))
}

/**
 * {@link distribution} of parts of an array, which stays as it is; without a copy of a large sample, which matters for tens of
 * millions of gaps.
 * @param bounds where the parts lie: from, to, from, to, …
 */
export function distributionOfParts(values: Float32Array, bounds: readonly number[]): Distribution | undefined {
  const count = countOf(bounds)
  return statisticsOf(values, bounds, () =>
    count < WORTH_SELECTING ? sortedReader(joined(values, bounds, count)) : selectedReader(values, bounds, count),
  )
}

/** Reads the value at a rank of a sample. */
type RankReader = (rank: number) => number

function statisticsOf(values: Float64Array | Float32Array, bounds: readonly number[], ranks: () => RankReader): Distribution | undefined {
  const count = countOf(bounds)
  if (count === 0) return undefined
  const { min, max, mean, std } = momentsOf(values, bounds, count)
  const at = ranks()
  const median = interpolate(count, 50, at)
  return {
    count,
    min,
    max,
    mean,
    median,
    std,
    p50: median,
    p75: interpolate(count, 75, at),
    p90: interpolate(count, 90, at),
    p95: interpolate(count, 95, at),
    p99: interpolate(count, 99, at),
    'p99.9': interpolate(count, 99.9, at),
  }
}

function momentsOf(
  values: Float64Array | Float32Array,
  bounds: readonly number[],
  count: number,
): Pick<Distribution, 'min' | 'max' | 'mean' | 'std'> {
  // Counted from a value of the sample, so that equal values have exactly their mean and no spread.
  const first = values[bounds.find((from, i) => i % 2 === 0 && from < bounds[i + 1]!)!]!
  let min = first
  let max = first
  let excess = 0
  for (let part = 0; part < bounds.length; part += 2) {
    for (let i = bounds[part]!; i < bounds[part + 1]!; i++) {
      const value = values[i]!
      if (value < min) min = value
      if (value > max) max = value
      excess += value - first
    }
  }
  if (!Number.isFinite(excess)) throw new RangeError('a sample holds a value that is not finite')
  const mean = first + excess / count
  let squares = 0
  for (let part = 0; part < bounds.length; part += 2) {
    for (let i = bounds[part]!; i < bounds[part + 1]!; i++) squares += (values[i]! - mean) ** 2
  }
  return { min, max, mean, std: Math.sqrt(squares / count) }
}

function countOf(bounds: readonly number[]): number {
  let count = 0
  for (let part = 0; part < bounds.length; part += 2) count += bounds[part + 1]! - bounds[part]!
  return count
}

function joined(values: Float32Array, bounds: readonly number[], count: number): Float32Array {
  const all = new Float32Array(count)
  let at = 0
  for (let part = 0; part < bounds.length; part += 2) {
    const piece = values.subarray(bounds[part], bounds[part + 1])
    all.set(piece, at)
    at += piece.length
  }
  return all
}

const WORTH_SELECTING = 100_000

function sortedReader(values: Float64Array | Float32Array): RankReader {
  values.sort()
  return (rank) => values[rank]!
}

/** Has the values at the ranks that a distribution needs. */
function selectedReader(values: Float32Array, bounds: readonly number[], count: number): RankReader {
  const ranks = [50, 75, 90, 95, 99, 99.9].flatMap((p) => neighbours(count, p).slice(0, 2))
  const found = orderStatistics(values, ranks, bounds)
  return (rank) => found.get(rank)!
}

/**
 * How many samples a percentile above the median needs: the smallest N with P(Binomial(N, 1 − p) ≤ 1) ≤ 1 %, so that at
 * least two samples lie beyond the percentile in 99 of 100 runs. 64 for p90, 130 for p95, 662 for p99, 6,636 for p99.9.
 *
 * Source: the early-stopping rule of MLPerf Inference's load generator for its smallest sample (one sample over the limit
 * discarded, confidence 99 %).
 * @param p above 50 and below 100; 1 is the answer for any p up to the median, Infinity at 100
 */
export function percentileFloor(p: number): number {
  if (p <= 50) return 1
  if (p >= 100) return Number.POSITIVE_INFINITY
  const beyond = (100 - p) / 100
  const within = 1 - beyond
  const chanceOfAtMostOne = (n: number): number => within ** n + n * beyond * within ** (n - 1)
  let enough = 2
  while (chanceOfAtMostOne(enough) > 0.01) enough *= 2
  let tooFew = enough / 2
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2)
    if (chanceOfAtMostOne(middle) > 0.01) tooFew = middle
    else enough = middle
  }
  return enough
}

/** The percentile that a statistic is (`'p99.9'` → 99.9), or undefined for the others. */
export function percentileOf(statistic: Statistic): number | undefined {
  return /^p\d/.test(statistic) ? Number(statistic.slice(1)) : undefined
}

/**
 * Whether a sample is too small for one of its statistics.
 * @returns how many there are and how many it needs, or undefined where there are enough; for pooled samples (ITL) requests
 *   are counted, for the gaps of five requests are five samples
 */
export function sampleShortage(sample: Distribution, statistic: Statistic): { have: number; need: number } | undefined {
  const p = percentileOf(statistic)
  if (p === undefined) return undefined
  const need = percentileFloor(p)
  const have = Math.min(sample.count, sample.requests ?? sample.count)
  return have < need ? { have, need } : undefined
}

/** A sample, reduced; in the sample's unit. */
export interface Spread {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Absent where there is no sample. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1)! }
}

/** The median; NaN of nothing. */
export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

/** Of sorted values, between the two nearest. */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN
  const at = (sorted.length - 1) * share
  const below = sorted[Math.floor(at)]!
  return below + (sorted[Math.ceil(at)]! - below) * (at % 1)
}

/** Kolmogorov and Smirnov's test of a sample against a distribution: the largest distance, and how likely one as large is by chance. */
export function kolmogorovSmirnov(values: readonly number[], cdf: (value: number) => number): { distance: number; p: number } {
  const sorted = values.toSorted((a, b) => a - b)
  const n = sorted.length
  let distance = 0
  for (const [i, value] of sorted.entries()) {
    const expected = cdf(value)
    distance = Math.max(distance, expected - i / n, (i + 1) / n - expected)
  }
  // Kolmogorov's series with Stephens' correction for a finite sample.
  const lambda = (Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)) * distance
  let p = 0
  for (let k = 1; k <= 100; k++) p += 2 * (-1) ** (k - 1) * Math.exp(-2 * k * k * lambda * lambda)
  return { distance, p: lambda < 0.2 ? 1 : Math.min(1, Math.max(0, p)) }
}

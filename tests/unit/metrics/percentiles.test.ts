import { describe, expect, test } from 'vitest'
import { distribution, distributionInPlace, percentile, percentileFloor, sampleShortage } from '../../../src/metrics/percentiles.ts'

/** Hyndman and Fan's definition 7 as they write it: Q(p) = (1 − γ) x_j + γ x_{j+1}, counted from 1. */
function definition7(values: readonly number[], p: number): number {
  const x = values.toSorted((a, b) => a - b)
  const position = (p / 100) * x.length + (1 - p / 100)
  const j = Math.floor(position)
  const gamma = position - j
  return (1 - gamma) * x[j - 1]! + gamma * (x[j] ?? x[j - 1]!)
}

/** P(Binomial(n, chance) ≤ 1) from the sum of the terms' logarithms. */
function atMostOne(n: number, chance: number): number {
  return Math.exp(n * Math.log1p(-chance)) + Math.exp(Math.log(n) + Math.log(chance) + (n - 1) * Math.log1p(-chance))
}

describe('percentile', () => {
  test("interpolates linearly, to numpy's own figures", () => {
    // numpy.percentile([1, 2, 3, 4], [0, 25, 50, 75, 90, 100])
    expect([0, 25, 50, 75, 90, 100].map((p) => percentile([1, 2, 3, 4], p))).toEqual([1, 1.75, 2.5, 3.25, 3.7, 4])
    // numpy.percentile([15, 20, 35, 40, 50], 40)
    expect(percentile([15, 20, 35, 40, 50], 40)).toBeCloseTo(29, 12)
  })

  test('of one value is that value at every p', () => {
    expect([0, 50, 99.9, 100].map((p) => percentile([7], p))).toEqual([7, 7, 7, 7])
  })

  test('agrees with definition 7 on uneven samples', () => {
    for (const n of [2, 3, 10, 101]) {
      const values = Array.from({ length: n }, (_, i) => (i * 7919) % 1009).toSorted((a, b) => a - b)
      for (const p of [1, 33.3, 50, 75, 90, 95, 99, 99.9]) expect(percentile(values, p)).toBeCloseTo(definition7(values, p), 9)
    }
  })

  test('never leaves the sample by rounding', () => {
    for (let p = 0; p <= 100; p += 0.1) expect(percentile([0.1, 0.1, 0.1], Math.min(p, 100))).toBe(0.1)
  })

  test('refuses an empty sample and a p that is none', () => {
    expect(() => percentile([], 50)).toThrow(RangeError)
    expect(() => percentile([1], 101)).toThrow(RangeError)
    expect(() => percentile([1], Number.NaN)).toThrow(RangeError)
  })
})

describe('distribution', () => {
  test('holds hand-computed statistics, with the population standard deviation', () => {
    expect(distribution([9, 2, 4, 4, 5, 4, 5, 7])).toEqual({
      count: 8,
      min: 2,
      max: 9,
      mean: 5,
      median: 4.5,
      std: 2,
      p50: 4.5,
      p75: 5.5,
      p90: expect.closeTo(7.6, 12),
      p95: expect.closeTo(8.3, 12),
      p99: expect.closeTo(8.86, 12),
      'p99.9': expect.closeTo(8.986, 12),
    })
  })

  test('of nothing is absent', () => {
    expect(distribution([])).toBeUndefined()
    expect(distribution(new Float32Array())).toBeUndefined()
  })

  test('of identical values has no spread, and their mean is exact', () => {
    const same = distribution(Array.from({ length: 1000 }, () => 0.1))!
    expect([same.min, same.max, same.mean, same.median, same['p99.9']]).toEqual([0.1, 0.1, 0.1, 0.1, 0.1])
    expect(same.std).toBe(0)
  })

  test('sorts numerically and leaves the caller its order', () => {
    const values = [100, 9, 20]
    expect(distribution(values)).toMatchObject({ min: 9, median: 20, max: 100 })
    expect(values).toEqual([100, 9, 20])
    const typed = Float32Array.of(3, 1, 2)
    expect(distribution(typed)).toMatchObject({ min: 1, max: 3 })
    expect([...typed]).toEqual([3, 1, 2])
  })

  test('refuses a value that is not finite rather than leave it out', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(() => distribution([1, bad, 2])).toThrow(/not finite/)
      expect(() => distributionInPlace(Float32Array.of(1, bad, 2))).toThrow(/not finite/)
    }
  })

  test('holds for a large sample of gaps', () => {
    const gaps = Float32Array.from({ length: 100_000 }, (_, i) => (i * 48_271) % 1_000_003)
    const naive = [...gaps].toSorted((a, b) => a - b)
    const found = distributionInPlace(gaps)!
    expect(found.p99).toBeCloseTo(definition7(naive, 99), 3)
    expect(found.mean).toBeCloseTo(naive.reduce((sum, gap) => sum + gap, 0) / naive.length, 3)
  })
})

describe('percentileFloor', () => {
  test('is the published floor for the usual percentiles', () => {
    expect([90, 95, 99, 99.9].map(percentileFloor)).toEqual([64, 130, 662, 6636])
  })

  test('is the smallest sample with at most 1 % chance of fewer than two values beyond, for any percentile', () => {
    for (const p of [51, 60, 75, 80, 90, 92.5, 95, 97, 99, 99.5, 99.9, 99.99]) {
      const floor = percentileFloor(p)
      const chance = (100 - p) / 100
      expect(atMostOne(floor, chance)).toBeLessThanOrEqual(0.01)
      expect(atMostOne(floor - 1, chance)).toBeGreaterThan(0.01)
    }
  })

  test('asks nothing of the median', () => {
    expect(percentileFloor(50)).toBe(1)
  })
})

describe('sampleShortage', () => {
  const sample = { ...distribution([1, 2, 3])!, count: 662 }

  test('tells how many there are and how many it needs', () => {
    expect(sampleShortage({ ...sample, count: 661 }, 'p99')).toEqual({ have: 661, need: 662 })
    expect(sampleShortage(sample, 'p99')).toBeUndefined()
  })

  test('counts the requests of a pooled sample, for gaps of one request are no samples of their own', () => {
    expect(sampleShortage({ ...sample, requests: 5 }, 'p99')).toEqual({ have: 5, need: 662 })
  })

  test('asks nothing of statistics that are no upper percentile', () => {
    for (const statistic of ['min', 'max', 'mean', 'median', 'std', 'p50'] as const) {
      expect(sampleShortage({ ...sample, count: 1 }, statistic)).toBeUndefined()
    }
  })
})

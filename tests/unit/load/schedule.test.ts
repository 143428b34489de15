import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/datasets/sampling.ts'
import { arrivalTimes } from '../../../src/load/schedule.ts'
import type { ArrivalSpec } from '../../../src/load/schedule.ts'

const times = (spec: Partial<ArrivalSpec>, seed = 0): Float64Array =>
  arrivalTimes({ rate: 10, distribution: 'poisson', burstiness: 1, ...spec }, createRandom(seed))

const gapsInSeconds = (spec: Partial<ArrivalSpec>, seed?: number): number[] => {
  const at = times(spec, seed)
  return Array.from(at, (time, i) => (time - (at[i - 1] ?? 0)) / 1e9)
}

/** Distance of Kolmogorov and Smirnov between a sample and a distribution. */
const distance = (sample: readonly number[], cdf: (x: number) => number): number => {
  const sorted = sample.toSorted((a, b) => a - b)
  return sorted.reduce((most, x, i) => Math.max(most, cdf(x) - i / sorted.length, (i + 1) / sorted.length - cdf(x)), 0)
}

const meanOf = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length
const cvOf = (numbers: readonly number[]): number => {
  const mean = meanOf(numbers)
  return Math.sqrt(meanOf(numbers.map((x) => (x - mean) ** 2))) / mean
}

describe('poisson', () => {
  test('gaps are exponential with mean 1 / rate', () => {
    for (const seed of [0, 1, 2]) {
      const gaps = gapsInSeconds({ requests: 5000 }, seed)
      // 1.63 / √n is the 1 % point of the distance.
      expect(distance(gaps, (x) => 1 - Math.exp(-10 * x))).toBeLessThan(1.63 / Math.sqrt(5000))
    }
  })

  test('a duration holds about rate × duration arrivals, all within it', () => {
    const at = times({ duration: 200 })
    expect(at.length).toBeGreaterThan(2000 - 4 * Math.sqrt(2000))
    expect(at.length).toBeLessThan(2000 + 4 * Math.sqrt(2000))
    expect(at.at(-1)).toBeLessThan(200e9)
  })
})

test('constant arrivals are at i / rate, from 0', () => {
  expect([...times({ distribution: 'constant', requests: 4 })]).toEqual([0, 0.1e9, 0.2e9, expect.closeTo(0.3e9, -1)])
  expect(times({ distribution: 'constant', duration: 1 })).toHaveLength(10)
})

describe('gamma', () => {
  test('burstiness 1 is Poisson', () => {
    const gaps = gapsInSeconds({ distribution: 'gamma', burstiness: 1, requests: 5000 })
    expect(distance(gaps, (x) => 1 - Math.exp(-10 * x))).toBeLessThan(1.63 / Math.sqrt(5000))
  })

  test.for([0.25, 4])('burstiness %d keeps the rate, and spreads gaps by 1 / √burstiness', (burstiness) => {
    const gaps = gapsInSeconds({ distribution: 'gamma', burstiness, requests: 20_000 })
    expect(meanOf(gaps)).toBeCloseTo(0.1, 2)
    expect(cvOf(gaps)).toBeCloseTo(1 / Math.sqrt(burstiness), 1)
  })
})

test('a seed gives the same schedule every time, another one another', () => {
  expect(times({ requests: 100 }, 7)).toEqual(times({ requests: 100 }, 7))
  expect(times({ requests: 100 }, 7)).not.toEqual(times({ requests: 100 }, 8))
})

test('arrivals ascend', () => {
  const at = times({ distribution: 'gamma', burstiness: 0.1, requests: 2000 })
  expect(at.every((time, i) => i === 0 || time >= at[i - 1]!)).toBe(true)
})

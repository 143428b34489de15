import { expect, test } from 'vitest'
import { createRandom } from '../../../../src/datasets/sampling.ts'
import type { Random } from '../../../../src/datasets/sampling.ts'
import { BLOCKS, blockedError, blocksByTime, NO_BLOCK } from '../../../../src/verdict/statistics/blocks.ts'

test('blocks hold equally many items in order of time, and leave out those without a time', () => {
  const times = Float64Array.from({ length: 1001 }, (_, i) => (i === 500 ? Number.NaN : (1000 - i) * 1e9))
  const blocks = blocksByTime(times)!
  expect(blocks[500]).toBe(NO_BLOCK)
  expect([blocks[1000], blocks[0]]).toEqual([0, BLOCKS - 1])
  const sizes = Array.from({ length: BLOCKS }, (_, block) => blocks.filter((of) => of === block).length)
  expect(new Set(sizes)).toEqual(new Set([50]))
})

test('items of the same time are told apart by their order', () => {
  expect(new Set(blocksByTime(new Float64Array(200).fill(7e12)))).toHaveLength(BLOCKS)
})

test('few items make no blocks', () => {
  expect(blocksByTime(new Float64Array(39))).toBeUndefined()
  expect(new Set(blocksByTime(new Float64Array(40)))).toHaveLength(8)
})

test('of correlated items the error is several times that of independent ones, and that which other runs show', () => {
  const random = createRandom(3)
  const count = 2000
  const runs = Array.from({ length: 200 }, () => autoregressive(count, 0.5, random))
  const means = runs.map((run) => mean(run))
  const errors = runs.map((run) => errorOfMean(run))
  const plain = runs.map((run) => deviation(run) / Math.sqrt(count))
  expect(mean(errors) / deviation(means)).toBeGreaterThan(0.85)
  expect(mean(errors) / deviation(means)).toBeLessThan(1.15)
  expect(mean(plain) / deviation(means)).toBeLessThan(0.68)
})

test('agrees with the stationary block bootstrap', () => {
  const random = createRandom(5)
  const ratios = Array.from({ length: 12 }, () => {
    const run = autoregressive(1000, 0.5, random)
    return errorOfMean(run) / bootstrapError(run, mean, random)
  })
  expect(mean(ratios)).toBeGreaterThan(0.85)
  expect(mean(ratios)).toBeLessThan(1.2)
})

test('a drift that lasts the whole run is no chance', () => {
  const random = createRandom(7)
  const steady = autoregressive(1000, 0, random)
  const drifting = steady.map((value, i) => value + i / 50)
  expect(errorOfMean(drifting) / errorOfMean(steady)).toBeLessThan(2)
  // The deviations from the mean of all would make it several times as large.
  expect(20 / Math.sqrt(12 * BLOCKS) / errorOfMean(steady)).toBeGreaterThan(3)
})

test('blocks without anything do not count, and too few with something say nothing', () => {
  const counts = Float64Array.from({ length: BLOCKS }, (_, block) => (block < 10 ? 5 : 0))
  const sums = counts.map((count, block) => count * (block % 2))
  expect(blockedError(sums, counts)).toBeCloseTo(Math.sqrt(9 / (2 * 9 * 10)), 10)
  expect(blockedError(sums.fill(0, 7), counts.fill(0, 7))).toBeUndefined()
})

function autoregressive(count: number, correlation: number, random: Random): number[] {
  let state = random.normal()
  return Array.from({ length: count }, () => {
    const value = 100 + 10 * state
    state = correlation * state + Math.sqrt(1 - correlation ** 2) * random.normal()
    return value
  })
}

function errorOfMean(values: readonly number[]): number {
  const [sums, counts] = [new Float64Array(BLOCKS), new Float64Array(BLOCKS)]
  for (const [i, value] of values.entries()) {
    sums[Math.floor((i * BLOCKS) / values.length)]! += value
    counts[Math.floor((i * BLOCKS) / values.length)]!++
  }
  return blockedError(sums, counts)!
}

/** D. N. Politis and J. P. Romano, "The stationary bootstrap" (1994): blocks of random length, 20 on average, round the run's end. */
function bootstrapError(values: readonly number[], statistic: (values: readonly number[]) => number, random: Random): number {
  const drawn = Array.from({ length: 300 }, () => {
    let at = 0
    const resampled = values.map((_, i) => {
      at = i === 0 || random.next() < 1 / 20 ? Math.floor(random.next() * values.length) : (at + 1) % values.length
      return values[at]!
    })
    return statistic(resampled)
  })
  return deviation(drawn)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function deviation(values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}

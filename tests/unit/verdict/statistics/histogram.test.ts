import { expect, test } from 'vitest'
import { createRandom } from '../../../../src/datasets/sampling.ts'
import { percentile } from '../../../../src/metrics/percentiles.ts'
import { BIN_WIDTH, binnedPercentile, binsOf, Histogram } from '../../../../src/verdict/statistics/histogram.ts'

function histogramOf(values: Iterable<number>): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.add(value)
  return histogram
}

test('gives percentiles back within the width of a bin, over six orders of magnitude', () => {
  const random = createRandom(1)
  const values = Float64Array.from({ length: 20_000 }, () => Math.exp(3 + 2 * random.normal())).toSorted()
  const binned = histogramOf(values).toBinnedSample()
  expect(binned.count).toBe(20_000)
  for (const p of [1, 10, 50, 90, 99, 99.9]) {
    expect(Math.abs(binnedPercentile(binned, p)! / percentile(values, p) - 1)).toBeLessThan(BIN_WIDTH)
  }
})

test('is a short line of text, and names each bin by its lower end', () => {
  const binned = histogramOf([20, 20.1, 20.6, 0, 1000]).toBinnedSample()
  expect(binned).toEqual({ count: 5, bins: '0:1 20:2 20.5:1 992:1' })
  expect(binsOf(binned.bins)).toEqual([
    { from: 0, to: 0, count: 1 },
    { from: 20, to: 20.5, count: 2 },
    { from: 20.5, to: 21, count: 1 },
    { from: 992, to: 1008, count: 1 },
  ])
})

test('an empty sample has no bins and no percentile', () => {
  const binned = new Histogram().toBinnedSample()
  expect(binned).toEqual({ count: 0, bins: '' })
  expect(binsOf(binned.bins)).toEqual([])
  expect(binnedPercentile(binned, 50)).toBeUndefined()
})

test('reads a value at any share, a straight line within its bin', () => {
  const histogram = histogramOf(Array.from({ length: 1000 }, (_, i) => 100 + i / 10))
  expect(histogram.valueAt(0.25)).toBeCloseTo(125, 0)
  expect(histogram.valueAt(0)).toBe(100)
  expect(histogram.valueAt(2)).toBeCloseTo(200, 0)
})

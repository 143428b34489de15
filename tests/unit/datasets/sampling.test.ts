import { expect, test } from 'vitest'
import { createRandom, permutation, shuffled, xoshiro128starstar } from '../../../src/datasets/sampling.ts'

const COUNT = 100_000

function sample(draw: () => number): { mean: number; variance: number; sorted: Float64Array } {
  const sorted = Float64Array.from({ length: COUNT }, draw).toSorted()
  const mean = sorted.reduce((sum, x) => sum + x, 0) / COUNT
  return { mean, variance: sorted.reduce((sum, x) => sum + (x - mean) ** 2, 0) / COUNT, sorted }
}

/** The largest distance between the sample and a cumulative distribution (Kolmogorov–Smirnov). */
function distance(sorted: Float64Array, cumulative: (x: number) => number): number {
  return sorted.reduce((worst, x, index) => Math.max(worst, Math.abs(cumulative(x) - (index + 0.5) / COUNT)), 0)
}
/** 1 % of samples from the true distribution lie farther off. */
const FAR = 1.63 / Math.sqrt(COUNT)

test('the generator gives the reference values of xoshiro128** 1.1', () => {
  const next = xoshiro128starstar(Uint32Array.of(1, 2, 3, 4))
  expect(Array.from({ length: 10 }, next)).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ])
})

test('the same seed gives the same numbers on every machine and in every release', () => {
  const random = createRandom(0)
  expect([random.int(1000), random.int(1000), random.int(1000), Math.floor(random.next() * 1e6)]).toEqual([659, 742, 66, 999311])
})

test('another seed, another stream or another number of streams gives other numbers', () => {
  const firsts = [[0], [1], [2 ** 32], [-1], [2 ** 53 - 1], [0, 0], [0, 1], [1, 0], [0, 0, 0], [0, 2 ** 32]].map(([seed, ...streams]) =>
    createRandom(seed!, ...streams).next(),
  )
  expect(new Set(firsts).size).toBe(firsts.length)
})

test('streams of one seed do not follow each other', () => {
  const { sorted, mean } = sample(
    (
      (stream) => () =>
        createRandom(7, stream++).next()
    )(0),
  )
  expect(distance(sorted, (x) => x)).toBeLessThan(FAR)
  expect(mean).toBeCloseTo(0.5, 2)
  const [a, b] = [createRandom(7, 1), createRandom(7, 2)]
  const together = sample(() => (a.next() - 0.5) * (b.next() - 0.5))
  expect(Math.abs(together.mean)).toBeLessThan(3 / 12 / Math.sqrt(COUNT))
})

test('uniform numbers fill [0, 1) evenly', () => {
  const random = createRandom(1)
  const { sorted } = sample(() => random.next())
  expect(sorted[0]).toBeGreaterThanOrEqual(0)
  expect(sorted.at(-1)).toBeLessThan(1)
  expect(distance(sorted, (x) => x)).toBeLessThan(FAR)
})

test.for([1, 2, 7, 1000])('whole numbers below %i come equally often', (n) => {
  const random = createRandom(2, n)
  const counts = new Uint32Array(n)
  for (let i = 0; i < COUNT; i++) counts[random.int(n)]! += 1
  const expected = COUNT / n
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  expect(chiSquare).toBeLessThan(n - 1 + 4 * Math.sqrt(2 * n))
})

test('exponential numbers have their distribution', () => {
  const random = createRandom(3)
  const { sorted, mean, variance } = sample(() => random.exponential(0.1))
  expect(mean).toBeCloseTo(0.1, 2)
  expect(variance).toBeCloseTo(0.01, 3)
  expect(distance(sorted, (x) => 1 - Math.exp(-x / 0.1))).toBeLessThan(FAR)
})

test.for([0.25, 1, 2, 9])('gamma numbers of shape %f have their mean and variance', (shape) => {
  const random = createRandom(4, shape * 100)
  const { mean, variance, sorted } = sample(() => random.gamma(shape, 2))
  expect(mean / (shape * 2)).toBeCloseTo(1, 1)
  expect(variance / (shape * 4)).toBeCloseTo(1, 1)
  expect(sorted[0]).toBeGreaterThanOrEqual(0)
})

test('gamma of shape 1 is exponential, of shape 2 the sum of two', () => {
  const random = createRandom(5)
  expect(distance(sample(() => random.gamma(1, 3)).sorted, (x) => 1 - Math.exp(-x / 3))).toBeLessThan(FAR)
  expect(distance(sample(() => random.gamma(2, 1)).sorted, (x) => 1 - Math.exp(-x) * (1 + x))).toBeLessThan(FAR)
})

test('normal numbers have mean 0 and variance 1', () => {
  const random = createRandom(6)
  const { mean, variance, sorted } = sample(() => random.normal())
  expect(mean).toBeCloseTo(0, 1)
  expect(variance).toBeCloseTo(1, 1)
  expect(sorted.findIndex((x) => x > 1.959964) / COUNT).toBeCloseTo(0.975, 2)
})

test('a permutation holds each number once, and each order is as likely', () => {
  expect(Array.from(permutation(1000, createRandom(0)).toSorted())).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  const random = createRandom(8)
  const counts = new Map<string, number>()
  for (let i = 0; i < 24_000; i++) {
    const order = permutation(4, random).join('')
    counts.set(order, (counts.get(order) ?? 0) + 1)
  }
  expect(counts.size).toBe(24)
  expect([...counts.values()].every((count) => Math.abs(count - 1000) < 150)).toBe(true)
})

test('shuffling gives a copy', () => {
  const list = ['a', 'b', 'c', 'd', 'e']
  const other = shuffled(list, createRandom(1))
  expect(list).toEqual(['a', 'b', 'c', 'd', 'e'])
  expect(other.toSorted()).toEqual(list)
  expect(shuffled(list, createRandom(1))).toEqual(other)
  expect([shuffled([], createRandom(1)), permutation(0, createRandom(1)).length]).toEqual([[], 0])
})

import { expect, test } from 'vitest'
import { orderStatistics } from '../../../src/metrics/order-statistics.ts'
import { distributionInPlace } from '../../../src/metrics/percentiles.ts'

function pseudoRandom(length: number, value: (random: number) => number): Float32Array {
  let seed = 7
  return Float32Array.from({ length }, () => {
    seed = (seed * 48_271) % 2_147_483_647
    return value(seed / 2_147_483_647)
  })
}

test.for([
  ['spread over many magnitudes', (random: number) => 10 ** (random * 12 - 6)],
  ['of both signs', (random: number) => random - 0.5],
  ['within a hair of each other', (random: number) => 10 + random * 1e-4],
  ['of few different values', (random: number) => Math.floor(random * 3)],
  ['identical', () => 12.5],
] as const)('finds what sorting finds in values %s', ([, value]) => {
  const values = pseudoRandom(5000, value)
  const before = values.slice()
  const sorted = values.toSorted()
  const ranks = [0, 1, 2499, 2500, 4500, 4949, 4998, 4999]
  expect([...orderStatistics(values, ranks)]).toEqual(ranks.map((rank) => [rank, sorted[rank]]))
  expect(values).toEqual(before)
})

test('reads a part of a larger buffer', () => {
  expect(orderStatistics(Float32Array.of(9, 3, 1, 2, -9).subarray(1, 4), [1]).get(1)).toBe(2)
})

test('a large sample of gaps has the distribution that the same numbers have sorted', () => {
  const gaps = pseudoRandom(150_000, (random) => -20 * Math.log(1 - random))
  const selected = distributionInPlace(gaps.slice())!
  const sorted = distributionInPlace(Float64Array.from(gaps))!
  expect(selected).toEqual(sorted)
})

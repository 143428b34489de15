import { expect, test } from 'vitest'
import { orderStatistics } from '../../../src/metrics/order-statistics.ts'
import { distributionInPlace, distributionOfParts } from '../../../src/metrics/percentiles.ts'

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

test('finds the ranks of a sample that lies in parts', () => {
  expect([...orderStatistics(Float32Array.of(9, 3, 1, -5, 2, -9), [0, 2], [1, 3, 4, 5])]).toEqual([
    [0, 1],
    [2, 3],
  ])
})

test.for([
  ['in one part', [0, 150_000]],
  ['in parts, some of them empty', [7, 7, 10, 60_000, 60_001, 60_001, 61_000, 150_000]],
  ['too small to be worth selecting', [7, 7, 10, 60_000, 149_000, 150_000]],
] as const)('gaps %s have the distribution that the same numbers have sorted, and stay as they are', ([, bounds]) => {
  const gaps = pseudoRandom(150_000, (random) => -20 * Math.log(1 - random))
  const before = gaps.slice()
  const parts: number[] = []
  for (let part = 0; part < bounds.length; part += 2) for (const gap of gaps.subarray(bounds[part], bounds[part + 1])) parts.push(gap)
  expect(distributionOfParts(gaps, bounds)).toEqual(distributionInPlace(Float64Array.from(parts)))
  expect(gaps).toEqual(before)
})

test('no part is no sample', () => {
  expect(distributionOfParts(Float32Array.of(1, 2), [])).toBeUndefined()
})

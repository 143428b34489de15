import { expect, test } from 'vitest'
import { createRandom } from '../../../../src/datasets/sampling.ts'
import { chanceAbove, chanceBelow, differenceOverRuns } from '../../../../src/verdict/statistics/difference.ts'
import { levelAt } from '../../../../src/verdict/statistics/levels.ts'
import type { RunCounts } from '../../../../src/verdict/statistics/levels.ts'
import { nominalLevels, spentBy } from '../../../../src/verdict/statistics/looks.ts'
import { normalCdf } from '../../../../src/verdict/statistics/normal.ts'

const FIVE = [1, 2, 3, 4, 5]

test('boundaries of five looks are those published for spending like O’Brien and Fleming', () => {
  // Lan and DeMets (1983); two-sided 5 %, as in Reboussin and others' programs (2000).
  const spent = FIVE.map((look) => 2 * (1 - normalCdf(2.241402727604947 / Math.sqrt(look / 5))))
  expectBoundaries(nominalLevels(FIVE, spent), [4.8769, 3.3569, 2.6803, 2.2898, 2.031])
})

test('boundaries of five looks are those published for spending like Pocock', () => {
  const spent = FIVE.map((look) => 0.025 * Math.log(1 + (Math.E - 1) * (look / 5)))
  expectBoundaries(nominalLevels(FIVE, spent), [2.438, 2.4268, 2.4102, 2.3966, 2.386])
})

test('a single look has the whole level', () => {
  expect(nominalLevels([7], [spentBy(1, 0.05)])[0]).toBeCloseTo(0.05, 8)
})

test('looks that decide nothing spend nothing, and without runs enough the level is the plain one', () => {
  const looks: RunCounts[] = [
    [10, 1],
    [10, 2],
    [10, 3],
  ]
  expect(levelAt(looks, [10, 3], 0.05)).toBeCloseTo(0.05, 8)
  expect(levelAt(looks, [10, 2], 0.05)).toBe(0.05)
})

test('the last look keeps most of the level', () => {
  const looks = repeats(10, 3, 10)
  expect(levelAt(looks, [10, 3], 0.05)).toBeLessThan(0.006)
  expect(levelAt(looks, [10, 10], 0.05)).toBeGreaterThan(0.035)
})

test('refuses a look that was not planned, and looks that do not grow', () => {
  expect(() => levelAt(repeats(10, 3, 5), [10, 6], 0.05)).toThrow('no look was planned at 10 runs against 6')
  expect(() =>
    levelAt(
      [
        [10, 4],
        [10, 4],
      ],
      [10, 4],
      0.05,
    ),
  ).toThrow('looks must grow')
})

test('whoever stops as soon as something shows is wrong about as often as asked for, and not several times as often', () => {
  const random = createRandom(20)
  const looks = repeats(10, 3, 10)
  const trials = 3000
  const wrong = { above: 0, below: 0, naive: 0 }
  for (let trial = 0; trial < trials; trial++) {
    const reference = Array.from({ length: 10 }, () => random.normal())
    const measured = [random.normal(), random.normal()]
    const crossed = { above: false, below: false, naive: false }
    for (const look of looks) {
      measured.push(random.normal())
      const difference = differenceOverRuns({ values: reference }, { values: measured })
      crossed.above ||= chanceAbove(difference, 0) <= levelAt(looks, look, 0.05)
      crossed.below ||= chanceBelow(difference, 0) <= levelAt(looks, look, 0.15)
      crossed.naive ||= chanceAbove(difference, 0) <= 0.05
    }
    for (const name of ['above', 'below', 'naive'] as const) if (crossed[name]) wrong[name]++
  }
  // Boundaries are exact for normal statistics; for Welch's t with few runs they err by a percent.
  expect(wrong.above / trials).toBeGreaterThan(0.035)
  expect(wrong.above / trials).toBeLessThan(0.07)
  expect(wrong.below / trials).toBeGreaterThan(0.13)
  expect(wrong.below / trials).toBeLessThan(0.18)
  expect(wrong.naive / trials).toBeGreaterThan(0.1)
})

function repeats(reference: number, min: number, max: number): RunCounts[] {
  return Array.from({ length: max - min + 1 }, (_, i) => [reference, min + i] as const)
}

function expectBoundaries(levels: readonly number[], boundaries: readonly number[]): void {
  for (const [look, boundary] of boundaries.entries()) expect(levels[look]! / normalCdf(-boundary)).toBeCloseTo(1, 2)
}

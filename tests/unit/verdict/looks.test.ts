import { expect, test } from 'vitest'
import { planLooks } from '../../../src/verdict/looks.ts'

const once = (runs: number) => ({ runs, repeats: { min: runs, max: runs } })
const upTo = (min: number, max: number, runs = min) => ({ runs, repeats: { min, max } })

test('both sides are run again together, each up to its own most', () => {
  expect(planLooks(upTo(3, 5), upTo(3, 5))).toEqual([
    [3, 3],
    [4, 4],
    [5, 5],
  ])
  expect(planLooks(upTo(3, 4), upTo(1, 3))).toEqual([
    [3, 1],
    [4, 2],
    [4, 3],
  ])
})

test('against runs of the past, or without repeats, there is what there is', () => {
  expect(planLooks(once(10), upTo(3, 5))).toEqual([
    [10, 3],
    [10, 4],
    [10, 5],
  ])
  expect(planLooks(once(1), once(1))).toEqual([[1, 1]])
})

test('runs that another assertion took are counted at the first look', () => {
  expect(planLooks(upTo(3, 6, 5), upTo(3, 6, 5))).toEqual([
    [5, 5],
    [6, 6],
  ])
})

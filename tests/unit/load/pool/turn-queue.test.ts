import { expect, test } from 'vitest'
import { OneQueue } from '../../../../src/load/pool/turn-queue.ts'
import type { Dealt } from '../../../../src/load/pool/turn-queue.ts'

/** As many turns of one row as are left, at most so many. */
const one =
  (turns: number) =>
  (drawn: number, left: number): Dealt<number> => ({ turns: Array<number>(Math.min(turns, left)).fill(drawn), rows: left > 0 ? 1 : 0 })

test('views of one cell draw from one queue', () => {
  const cell = new BigInt64Array(1)
  const [a, b] = [new OneQueue(cell, 5), new OneQueue(cell, 5)] as const
  expect([a.take(one(2)), b.take(one(2)), a.take(one(2)), b.take(one(2))]).toEqual([[0, 0], [1, 1], [2], []])
})

test('what is given back is dealt again, of the next row', () => {
  const queue = new OneQueue(new BigInt64Array(1), 4)
  expect(queue.take(one(4))).toHaveLength(4)
  queue.giveBack(3)
  expect(queue.take(one(2))).toEqual([1, 1])
  expect(queue.take(one(2))).toEqual([2])
})

test('what another takes meanwhile is not dealt twice', () => {
  const cell = new BigInt64Array(1)
  const [a, b] = [new OneQueue(cell, 10), new OneQueue(cell, 10)] as const
  let calls = 0
  const taken = a.take((drawn, left) => {
    if (calls++ === 0) expect(b.take(one(3))).toEqual([0, 0, 0])
    return one(4)(drawn, left)
  })
  expect(taken).toEqual([1, 1, 1, 1])
  expect(a.take(one(9))).toEqual([2, 2, 2])
})

test('a queue without an end has none', () => {
  const queue = new OneQueue(new BigInt64Array(1), Infinity)
  for (let i = 0; i < 1000; i++) expect(queue.take(one(1))).toEqual([i])
})

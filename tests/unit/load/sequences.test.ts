import { describe, expect, test } from 'vitest'
import { createRandom } from '../../../src/datasets/sampling.ts'
import { seedFor } from '../../../src/load/seeds.ts'
import { createSequences, quota } from '../../../src/load/sequences.ts'
import { OneQueue } from '../../../src/load/pool/turn-queue.ts'
import type { Sequence, SequenceOptions } from '../../../src/load/sequences.ts'

const sequencesOf = (options: Partial<SequenceOptions>) =>
  createSequences({
    clients: 4,
    rows: 50,
    turnsOf: () => 1,
    random: (stream) => createRandom(3, stream),
    ...options,
  })

const oneQueue = (requests: number): OneQueue => new OneQueue(new BigInt64Array(1), requests)

const take = (sequence: Sequence, count: number): number[] => Array.from({ length: count }, () => sequence.next(1)[0]!.row)

describe('per-client order', () => {
  test('a client has the same sequence in every run, whatever its quota', () => {
    expect(take(sequencesOf({}).of(2), 30)).toEqual(take(sequencesOf({ requests: 400 }).of(2), 30))
  })

  test('different clients have different sequences', () => {
    const all = sequencesOf({})
    const texts = [0, 1, 2, 3].map((client) => take(all.of(client), 20).join())
    expect(new Set(texts).size).toBe(4)
  })

  test('every row comes once before any comes again, in the same order', () => {
    const drawn = take(sequencesOf({ rows: 7 }).of(1), 14)
    expect(new Set(drawn.slice(0, 7)).size).toBe(7)
    expect(drawn.slice(7)).toEqual(drawn.slice(0, 7))
  })

  test('the remainder of the quota goes to the lowest clients', () => {
    expect([0, 1, 2, 3].map((client) => quota(10, 4, client))).toEqual([3, 3, 2, 2])
    const sequence = sequencesOf({ requests: 10 }).of(3)
    expect([1, 2, 3].map(() => sequence.next(1).length)).toEqual([1, 1, 0])
  })

  test('without a number of requests a sequence has no end', () => {
    expect(take(sequencesOf({ rows: 3 }).of(0), 1000)).toHaveLength(1000)
  })
})

describe('shared order', () => {
  test('the set of requests does not depend on who takes them', () => {
    const one = sequencesOf({ requests: 30, queue: oneQueue(30) })
    const other = sequencesOf({ requests: 30, queue: oneQueue(30) })
    const alone = take(one.of(0), 30)
    const together = Array.from({ length: 30 }, (_, i) => other.of(i % 4).next(1)[0]!.row)
    expect(together).toEqual(alone)
    expect(other.of(1).next(1)).toEqual([])
  })
})

describe('conversations', () => {
  test('turns come from one row and then from the next ones', () => {
    const turns = sequencesOf({ turnsOf: () => 2 })
      .of(0)
      .next(3)
    expect(turns.map(({ turn }) => turn)).toEqual([0, 1, 0])
    expect(turns[0]!.row).toBe(turns[1]!.row)
    expect(turns[2]!.row).not.toBe(turns[1]!.row)
  })

  test('turns count in the quota, and those given back are dealt again', () => {
    const sequence = sequencesOf({ requests: 4 * 5 }).of(0)
    expect(sequence.next(3)).toHaveLength(3)
    expect(sequence.next(3)).toHaveLength(2)
    expect(sequence.next(3)).toHaveLength(0)
    sequence.giveBack(1)
    expect(sequence.next(3)).toHaveLength(1)
  })

  test('rows drawn are counted over all clients', () => {
    const all = sequencesOf({ turnsOf: () => 2 })
    all.of(0).next(2)
    all.of(1).next(3)
    expect(all.rowsDrawn()).toBe(3)
  })
})

test('seeds are whole numbers of 31 bits, reproducible, and differ between samples and prompts', () => {
  const seeds = Array.from({ length: 20 }, (_, prompt) => Array.from({ length: 500 }, (_, sample) => seedFor(1, prompt, sample)))
  for (const ofPrompt of seeds) {
    expect(new Set(ofPrompt).size).toBe(500)
    expect(ofPrompt.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31)).toBe(true)
  }
  expect(new Set(seeds.map(([first]) => first)).size).toBe(20)
  expect(seedFor(1, 3, 4)).toBe(seeds[3]![4])
  expect(seedFor(2, 3, 4)).not.toBe(seeds[3]![4])
})

import { expect, test } from 'vitest'
import { lagAt, StallLog, stallTotals } from '../../../src/metrics/stalls.ts'

/** Stalls from their times in ms: when a sign of life was due, when it came, end of the reads that followed. */
function stallsOf(...times: [due: number, back: number, read: number][]): Float64Array {
  const log = new StallLog()
  for (const [last, back, read] of times) {
    log.add(last * 1e6, back * 1e6)
    log.caughtUp(read * 1e6)
  }
  return log.finish()
}

test('a client that never stood still delayed nothing', () => {
  expect(lagAt(stallsOf(), 5e6)).toBe(0)
  expect(stallTotals(stallsOf())).toEqual({ count: 0, longestMs: 0, totalMs: 0 })
})

test('what was read during a stall, or at once after it, can have come at its start', () => {
  const stalls = stallsOf([10, 30, 35])
  expect([9, 10, 11, 30, 34, 35, 36].map((ms) => lagAt(stalls, ms * 1e6))).toEqual([0, 0, 1, 20, 24, 25, 0])
})

test('in stalls that follow one another, the reads after the first belong to it', () => {
  const stalls = stallsOf([10, 30, 40], [30, 60, 61])
  expect([35, 40].map((ms) => lagAt(stalls, ms * 1e6))).toEqual([25, 30])
  // Read in a later turn of the loop: it came after the sign of life that was due at 30.
  expect([41, 61].map((ms) => lagAt(stalls, ms * 1e6))).toEqual([11, 31])
})

test('the right one of many stalls is found', () => {
  const stalls = stallsOf(...Array.from({ length: 1000 }, (_, i): [number, number, number] => [100 * i, 100 * i + 10, 100 * i + 12]))
  for (const i of [0, 1, 499, 999]) {
    expect(lagAt(stalls, (100 * i + 7) * 1e6)).toBe(7)
    expect(lagAt(stalls, (100 * i + 50) * 1e6)).toBe(0)
  }
  expect(stallTotals(stalls)).toEqual({ count: 1000, longestMs: 10, totalMs: 10_000 })
})

test('reads that were not seen to end reach to the end of the stall', () => {
  const log = new StallLog()
  log.caughtUp(1)
  log.add(10e6, 30e6)
  expect(lagAt(log.finish(), 29e6)).toBe(19)
  expect(lagAt(log.finish(), 31e6)).toBe(0)
})

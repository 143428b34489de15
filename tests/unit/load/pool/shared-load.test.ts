import { describe, expect, test } from 'vitest'
import { isMine, sharedCells, SharedLoad } from '../../../../src/load/pool/shared-load.ts'
import { readProgress, wholeProgress, writeProgress } from '../../../../src/load/pool/shared-progress.ts'
import type { Progress } from '../../../../src/metrics/progress.ts'

const pair = (): [SharedLoad, SharedLoad] => {
  const cells = sharedCells(2)
  return [new SharedLoad({ index: 0, of: 2 }, cells), new SharedLoad({ index: 1, of: 2 }, cells)]
}

test('every number belongs to one worker', () => {
  for (let number = 0; number < 20; number++) {
    expect([0, 1, 2].filter((index) => isMine({ index, of: 3 }, number))).toHaveLength(1)
  }
})

test('the most in flight is that of all workers together', () => {
  const [a, b] = pair()
  a.start()
  b.start()
  b.start()
  a.end()
  b.end()
  a.start()
  expect([a.mostInFlight, b.mostInFlight]).toEqual([3, 3])
})

describe('the gate', () => {
  test('lets requests go in their order, so many at a time over all workers', () => {
    const [a, b] = pair().map((shared) => shared.gate(2)) as [ReturnType<SharedLoad['gate']>, ReturnType<SharedLoad['gate']>]
    expect([0, 1, 2].map((i) => a.allows(i))).toEqual([true, true, false])
    b.end()
    expect([2, 3].map((i) => a.allows(i))).toEqual([true, false])
    a.reset()
    expect(b.allows(2)).toBe(false)
  })

  test("is opened by another worker's end", async () => {
    const [a, b] = pair().map((shared) => shared.gate(1)) as [ReturnType<SharedLoad['gate']>, ReturnType<SharedLoad['gate']>]
    const opening = a.opening(1)
    b.end()
    await opening
    expect(a.allows(1)).toBe(true)
    await a.opening(1)
  })

  test('without a limit is always open', () => {
    expect(pair()[0].gate(Infinity).allows(1e9)).toBe(true)
    expect(pair()[0].gate(Infinity).opening(0)).toBeUndefined()
  })
})

describe('progress', () => {
  const lead: Progress = {
    phase: 'running',
    started: 5,
    completed: 2,
    failed: 1,
    total: 20,
    unit: 'requests',
    outputTokens: 50,
    elapsedSeconds: 3,
  }

  test('is that of all workers, in the earliest phase that one of them is in', () => {
    const { progress } = sharedCells(3)
    writeProgress(progress, 1, { phase: 'ramp-up', started: 4, completed: 3, failed: 0, outputTokens: 70 })
    writeProgress(progress, 2, { phase: 'draining', started: 3, completed: 2, failed: 1, outputTokens: 5 })
    expect(wholeProgress(lead, readProgress(progress))).toEqual({
      ...lead,
      phase: 'ramp-up',
      started: 12,
      completed: 7,
      failed: 2,
      outputTokens: 125,
    })
  })

  test('drains once every request is sent, by whichever worker', () => {
    const other = { phase: 'running', started: 15, completed: 0, failed: 0, outputTokens: 0 }
    expect(wholeProgress(lead, [other]).phase).toBe('draining')
    expect(wholeProgress({ ...lead, unit: 'seconds' }, [other]).phase).toBe('running')
    expect(wholeProgress({ ...lead, phase: 'done' }, [{ ...other, phase: 'counting tokens' }]).phase).toBe('counting tokens')
  })

  test('of a lead alone is its own', () => {
    expect(readProgress(sharedCells(1).progress)).toEqual([])
    expect(wholeProgress(lead, [])).toEqual(lead)
  })
})

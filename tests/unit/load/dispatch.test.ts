import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { dispatch } from '../../../src/load/dispatch.ts'
import { sharedCells, SharedLoad } from '../../../src/load/pool/shared-load.ts'
import { startClock } from '../../../src/metrics/clock.ts'

test.for([
  [10, 1],
  [10, 3],
  [9, 3],
  [1, 3],
  [0, 1],
] as const)('%i requests dealt to %i workers are sent once each, and then nothing is awaited any more', async ([count, of]) => {
  const clock = startClock()
  const startNs = clock.now() + 5e6
  const sent: number[] = []
  let asked = 0
  for (let index = 0; index < of; index++) {
    const shared = new SharedLoad({ index, of }, sharedCells(of))
    await dispatch({
      count,
      share: shared.share,
      dueNs: (i) => {
        asked++
        return startNs + i * 1e6
      },
      gate: shared.gate(Infinity),
      clock,
      send: (i) => Promise.resolve(void sent.push(i)),
      signal: new AbortController().signal,
    })
  }
  expect(sent.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
  const before = asked
  await sleep(20)
  expect(asked).toBe(before)
  expect(process.getActiveResourcesInfo()).not.toContain('Immediate')
})

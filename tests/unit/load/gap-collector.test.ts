import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test, vi } from 'vitest'
import { GapCollector } from '../../../src/load/gap-collector.ts'

/** A clock that a test sets. */
const clock = { originNs: 0n, nowNs: 0, now: () => clock.nowNs }
const LONG_NS = 2e6

/** Node's own, which counts its calls, and takes as long as it is told. */
function collecting(tookNs: () => number = () => 1e6) {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as NodeJS.GCFunction
  setFlagsFromString('--no-expose-gc')
  collect()
  const gc = vi.fn((options: NodeJS.GCOptions) => {
    collect(options)
    clock.nowNs += tookNs()
  })
  vi.stubGlobal('gc', gc)
  onTestFinished(() => void vi.unstubAllGlobals())
  return gc
}

/** Some MiB of young objects. */
const litter = (): readonly object[] => Array.from({ length: 100_000 }, (_, i) => ({ i }))

async function gap(garbage: GapCollector, ns: number): Promise<void> {
  garbage.collectBefore(clock.nowNs + ns)
  await setImmediate()
}

test('garbage is collected in a gap that is long enough, once there is some', async () => {
  const gc = collecting()
  const garbage = new GapCollector(clock)
  await gap(garbage, LONG_NS)
  expect(gc).not.toHaveBeenCalled()
  const kept = [litter()]
  await gap(garbage, 1e6)
  expect(gc).not.toHaveBeenCalled()
  await gap(garbage, LONG_NS)
  expect(gc.mock.calls).toEqual([[{ type: 'minor' }]])
  kept.push(litter())
  await gap(garbage, LONG_NS)
  expect(gc).toHaveBeenCalledTimes(2)
  expect(kept).toHaveLength(2)
})

test('what was sent goes out first, and what comes due meanwhile is not held up', async () => {
  const gc = collecting()
  const garbage = new GapCollector(clock)
  await gap(garbage, LONG_NS)
  const kept = litter()
  garbage.collectBefore(clock.nowNs + LONG_NS)
  expect(gc).not.toHaveBeenCalled()
  clock.nowNs += 1e6
  await setImmediate()
  expect(gc).not.toHaveBeenCalled()
  expect(kept).not.toHaveLength(0)
})

test('where collecting takes long, gaps have to be longer; one that was interrupted is no measure', async () => {
  const tookNs = [40e6, 4e6, 4e6, 4e6]
  const gc = collecting(() => tookNs.shift()!)
  const garbage = new GapCollector(clock)
  await gap(garbage, LONG_NS)
  const kept: unknown[] = []
  const calls: number[] = []
  for (const ns of [LONG_NS, LONG_NS, 5e6, 7e6]) {
    kept.push(litter())
    await gap(garbage, ns)
    calls.push(gc.mock.calls.length)
  }
  expect(calls).toEqual([1, 2, 2, 3])
  expect(kept).toHaveLength(4)
})

test('where there is nothing more to come, or Node keeps that to itself, nothing is collected', async () => {
  const gc = collecting()
  const garbage = new GapCollector(clock)
  await gap(garbage, LONG_NS)
  const kept = litter()
  await gap(garbage, Number.NaN)
  expect(gc).not.toHaveBeenCalled()
  vi.stubGlobal('gc', undefined)
  await gap(garbage, LONG_NS)
  expect(gc).not.toHaveBeenCalled()
  expect(kept).not.toHaveLength(0)
})

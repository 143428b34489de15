import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test, vi } from 'vitest'
import { GapCollector } from '../../../src/load/gap-collector.ts'

const LONG_NS = 2e6

/** Node's own, which counts its calls. */
function collecting(): ReturnType<typeof vi.fn> {
  setFlagsFromString('--expose-gc')
  const gc = vi.fn(runInNewContext('gc') as NodeJS.GCFunction)
  setFlagsFromString('--no-expose-gc')
  vi.stubGlobal('gc', gc)
  onTestFinished(() => void vi.unstubAllGlobals())
  return gc
}

/** Some MiB of young objects. */
const litter = (): readonly object[] => Array.from({ length: 100_000 }, (_, i) => ({ i }))

test('garbage is collected in a gap that is long enough, once there is some', () => {
  const gc = collecting()
  const garbage = new GapCollector()
  garbage.collect(LONG_NS)
  expect(gc).not.toHaveBeenCalled()
  const kept = [litter()]
  garbage.collect(1e6)
  expect(gc).not.toHaveBeenCalled()
  garbage.collect(LONG_NS)
  expect(gc.mock.calls).toEqual([[{ type: 'minor' }]])
  garbage.collect(LONG_NS)
  expect(gc).toHaveBeenCalledTimes(1)
  kept.push(litter())
  garbage.collect(LONG_NS)
  expect(gc).toHaveBeenCalledTimes(2)
  expect(kept).toHaveLength(2)
})

test('where Node keeps that to itself, it is left to Node', () => {
  vi.stubGlobal('gc', undefined)
  onTestFinished(() => void vi.unstubAllGlobals())
  const garbage = new GapCollector()
  garbage.collect(LONG_NS)
  const kept = litter()
  expect(() => garbage.collect(LONG_NS)).not.toThrow()
  expect(kept).toHaveLength(100_000)
})

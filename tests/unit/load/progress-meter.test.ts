import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ProgressMeter } from '../../../src/load/progress-meter.ts'

test('the clock runs from the start of the run, and anew from the start of the load', async () => {
  const meter = new ProgressMeter()
  await setTimeout(30)
  const before = meter.snapshot()
  expect(before).toMatchObject({ phase: 'loading', unit: 'requests' })
  expect(before.elapsedSeconds).toBeGreaterThanOrEqual(0.025)
  const begun = performance.now()
  meter.begin('running', 'cases', 4)
  expect(meter.snapshot().elapsedSeconds).toBeLessThanOrEqual((performance.now() - begun) / 1000)
  await setTimeout(30)
  expect(meter.snapshot().elapsedSeconds).toBeGreaterThanOrEqual(0.025)
})

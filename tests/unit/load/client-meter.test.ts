import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ClientMeter } from '../../../src/load/client-meter.ts'
import { startClock } from '../../../src/metrics/clock.ts'
import { lagAt, stallTotals } from '../../../src/metrics/stalls.ts'

function standStill(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('a pause is seen for what it is, by those who were read after it', async () => {
  const clock = startClock()
  const meter = new ClientMeter(clock, (nowNs) => nowNs)
  await sleep(20)
  const beforeNs = clock.now()
  standStill(80)
  const afterNs = clock.now()
  await sleep(20)
  const { stalls, seconds, utilization } = meter.stop()
  expect(lagAt(stalls, afterNs)).toBeGreaterThanOrEqual((afterNs - beforeNs) / 1e6 - 1)
  expect(seconds).toBeGreaterThanOrEqual(0.11)
  expect(utilization).toBeGreaterThan(0)
})

test('what comes after the last request is no pause', async () => {
  const clock = startClock()
  let endedNs: number | undefined
  const meter = new ClientMeter(clock, (nowNs) => endedNs ?? nowNs)
  await sleep(10)
  standStill(30)
  endedNs = clock.now()
  standStill(200)
  await sleep(10)
  const { stalls } = meter.stop()
  expect(stallTotals(stalls).longestMs).toBeGreaterThanOrEqual(29)
  expect(stalls.at(-2)).toBe(endedNs)
})

test('without requests in flight a client may stand still', async () => {
  const meter = new ClientMeter(startClock(), () => 0)
  await sleep(5)
  standStill(50)
  await sleep(5)
  expect(meter.stop().stalls).toHaveLength(0)
})

test('garbage collection is seen', async () => {
  const meter = new ClientMeter(startClock(), (nowNs) => nowNs)
  const kept: unknown[] = []
  for (let i = 0; i < 200_000; i++) kept[i % 1000] = Array.from({ length: 20 }, () => ({ i }))
  await sleep(20)
  const { gc } = meter.stop()
  expect(gc.count).toBeGreaterThan(0)
  expect(gc.totalMs).toBeGreaterThanOrEqual(gc.longestMs)
})

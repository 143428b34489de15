import { expect, test } from 'vitest'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { requestRate } from '../../../src/dsl/workloads.ts'
import type { RequestRateOptions } from '../../../src/dsl/workloads.ts'
import { openLoop, openResult } from '../../../src/load/open-loop.ts'
import { driverOf, MemoryTarget, numbered } from './memory-target.ts'
import type { MemoryTargetOptions } from './memory-target.ts'
import { watchStalls } from './stalls.ts'

const run = async (options: RequestRateOptions, targetOptions?: MemoryTargetOptions, signal?: AbortSignal) => {
  const target = new MemoryTarget(targetOptions)
  const { log, facts } = await openLoop(driverOf(requestRate(options)[WORKLOAD].spec, numbered(50), target, signal))
  return { target, result: openResult([facts], 50, log.span), columns: await log.finish() }
}

test('requests are sent on the schedule and never wait for answers', async () => {
  const stalledMs = watchStalls()
  const { target, columns } = await run({ rate: 200, requests: 60, distribution: 'constant' }, { latencyMs: 400 })
  expect(target.mostInFlight).toBe(60)
  const scheduled = columns.scheduledNs.toSorted()
  for (let i = 1; i < 60; i++) expect(scheduled[i]! - scheduled[i - 1]!).toBeCloseTo(5e6, -2)
  const delays = Array.from(columns.sentNs, (sent, i) => sent - columns.scheduledNs[i]!).toSorted((a, b) => a - b)
  expect(delays[0]).toBeGreaterThanOrEqual(0)
  expect(delays[30]).toBeLessThan(20e6 + stalledMs() * 1e6)
})

test('lateness does not add up', async () => {
  const stalledMs = watchStalls()
  const { columns } = await run({ rate: 1000, requests: 500, distribution: 'constant' })
  const inOrder = [...columns.scheduledNs.keys()].toSorted((a, b) => columns.scheduledNs[a]! - columns.scheduledNs[b]!)
  expect(columns.scheduledNs[inOrder.at(-1)!]! - columns.scheduledNs[inOrder[0]!]!).toBeCloseTo(499e6, -3)
  // A pause of the machine makes some late; a timer that restarts from "now" each time would make all of them so.
  const lateness = inOrder.slice(-200).map((i) => columns.sentNs[i]! - columns.scheduledNs[i]!)
  expect(Math.min(...lateness)).toBeLessThan(50e6 + stalledMs() * 1e6)
})

test('what maxConcurrency holds back is sent later and keeps its scheduled time', async () => {
  const { target, columns } = await run({ rate: 1000, requests: 20, distribution: 'constant', maxConcurrency: 2 }, { latencyMs: 20 })
  expect(target.mostInFlight).toBe(2)
  expect(columns.length).toBe(20)
  const last = columns.scheduledNs.indexOf(Math.max(...columns.scheduledNs))
  // Nine rounds of two come before the last one.
  expect(columns.sentNs[last]! - columns.scheduledNs[last]!).toBeGreaterThan(100e6)
})

test('two runs send the same prompts in the same order', async () => {
  const first = await run({ rate: 2000, requests: 80 })
  const second = await run({ rate: 2000, requests: 80 })
  expect(second.columns.promptIndex).toEqual(first.columns.promptIndex)
  expect(new Set(first.columns.promptIndex).size).toBe(50)
})

test('more requests than rows wrap round', async () => {
  expect((await run({ rate: 5000, requests: 51 })).result.wrapped).toBe(true)
  expect((await run({ rate: 5000, requests: 50 })).result.wrapped).toBe(false)
})

test('a duration limits the arrivals', async () => {
  const { columns } = await run({ rate: 100, duration: 0.2, distribution: 'constant' })
  expect(columns.length).toBe(20)
})

test('a cancel stops the schedule', async () => {
  const cancel = new AbortController()
  setTimeout(() => cancel.abort(), 100)
  const { columns, result, target } = await run({ rate: 50, requests: 10_000 }, { latencyMs: 10 }, cancel.signal)
  expect(result.partial).toBe(true)
  expect(columns.length).toBeLessThan(100)
  expect(target.inFlight).toBe(0)
})

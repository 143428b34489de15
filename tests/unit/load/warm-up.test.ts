import { describe, expect, test } from 'vitest'
import type { ServedWorkloadSpec } from '../../../src/dsl/workload-spec.ts'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import type { Workload } from '../../../src/dsl/workload.ts'
import { clients, requestRate, rollout } from '../../../src/dsl/workloads.ts'
import { warmUp } from '../../../src/load/warm-up.ts'
import { datasetOf, driverOf, lastText, MemoryTarget, numbered } from './memory-target.ts'
import type { MemoryTargetOptions } from './memory-target.ts'

const run = async (workload: Workload<ServedWorkloadSpec>, options?: MemoryTargetOptions, dataset = numbered(3), signal?: AbortSignal) => {
  const target = new MemoryTarget(options)
  const driver = driverOf(workload[WORKLOAD].spec, dataset, target, signal)
  return { target, driver, notes: await warmUp(driver) }
}

test('none is sent where none is asked for', async () => {
  for (const workload of [clients({ n: 2 }), clients({ n: 2, warmup: 0 })]) {
    const { target, notes } = await run(workload)
    expect(target.sent).toEqual([])
    expect(notes).toEqual([])
  }
})

test('real requests are sent, counted nowhere but in a note', async () => {
  const { target, driver, notes } = await run(clients({ n: 2, warmup: 5, maxTokens: 7 }))
  expect(target.sent).toHaveLength(5)
  expect(target.sent[0]!.request).toMatchObject({ maxTokens: 7, stream: true, n: 1 })
  expect(notes).toEqual(['Warmed up by 5 requests before the clock, which no figure counts.'])
  expect(driver.progress).toMatchObject({ started: 0, completed: 0, failed: 0, outputTokens: 0 })
})

test('no prompt of the load is put into a prefix cache', async () => {
  const row = {
    messages: [
      { role: 'system' as const, content: 'Be brief.' },
      { role: 'user' as const, content: 'Hi' },
    ],
    userTurns: ['Hi'],
  }
  const { target } = await run(clients({ n: 1, warmup: 2 }), {}, datasetOf([row]))
  expect(target.sent.map(lastText)).toEqual(['Warm-up 1. Hi', 'Warm-up 2. Hi'])
  expect(target.sent[0]!.request.messages[0]).toEqual({ role: 'system', content: 'Be brief.' })
})

describe('as many at a time as the workload has', () => {
  test.for<[string, Workload<ServedWorkloadSpec>, number]>([
    ['clients', clients({ n: 3, warmup: 30 }), 3],
    ['a rate', requestRate({ rate: 4, warmup: 30 }), 4],
    ['a limited rate', requestRate({ rate: 40, maxConcurrency: 2, warmup: 30 }), 2],
    ['a rollout', rollout({ batch: 2, n: 3, warmup: 30 }), 6],
    ['a rollout of few requests', rollout({ batch: 2, n: 3, nPerRequest: true, warmup: 30 }), 2],
  ])('%s', async ([, workload, expected]) => {
    const { target } = await run(workload, { latencyMs: 1 })
    expect(target.mostInFlight).toBe(expected)
    expect(target.sent).toHaveLength(30)
  })
})

test('a duration ends the warm-up', async () => {
  const { target, driver } = await run(clients({ n: 2, warmup: { duration: '50ms' } }), { latencyMs: 5 })
  expect(driver.clock.now()).toBeGreaterThanOrEqual(50e6)
  expect(target.sent.length).toBeGreaterThan(2)
  for (const { atNs } of target.sent) expect(atNs).toBeLessThan(50e6 + driver.clock.now())
})

test('failures are told of and end nothing', async () => {
  const { notes } = await run(clients({ n: 2, warmup: 4 }), { fail: (i) => (i < 2 ? 'http' : undefined) })
  expect(notes[1]).toBe('2 of 4 warm-up requests failed. The first: request 0: http')
})

test('a cancel ends it at once', async () => {
  const { target } = await run(clients({ n: 2, warmup: 10_000 }), { latencyMs: 10 }, numbered(2), AbortSignal.timeout(50))
  expect(target.sent.length).toBeLessThan(100)
  expect(target.inFlight).toBe(0)
})

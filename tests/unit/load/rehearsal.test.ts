import { expect, test } from 'vitest'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { clients, requestRate, rollout } from '../../../src/dsl/workloads.ts'
import type { ServedWorkloadSpec } from '../../../src/dsl/workload-spec.ts'
import { isRehearsable, rehearse } from '../../../src/load/rehearsal.ts'
import type { Target } from '../../../src/targets/target.ts'
import { driverOf, lastText, MemoryTarget, numbered } from './memory-target.ts'
import type { MemoryTargetOptions } from './memory-target.ts'

/** A target whose stand-ins are in memory, too. */
class RehearsedTarget extends MemoryTarget {
  readonly standIns: MemoryTarget[] = []
  closed = 0
  readonly #standInOptions: MemoryTargetOptions | undefined

  constructor(standInOptions?: MemoryTargetOptions) {
    super()
    this.#standInOptions = standInOptions
  }

  get rehearsed(): MemoryTarget['sent'] {
    return this.standIns.flatMap(({ sent }) => sent)
  }

  standIn(): Promise<Target> {
    const standIn = new MemoryTarget(this.#standInOptions)
    standIn.close = () => {
      this.closed++
      return Promise.resolve()
    }
    this.standIns.push(standIn)
    return Promise.resolve(standIn)
  }
}

const WORKLOADS: readonly (readonly [string, ServedWorkloadSpec])[] = [
  ['clients', clients({ n: 40, requests: 100, rampUp: 5, thinkTime: 5 })[WORKLOAD].spec],
  ['clients for a time', clients({ n: 2, duration: 3600 })[WORKLOAD].spec],
  ['a conversation', clients({ n: 3, requests: 9, turns: 1, systemPrompt: 'Be brief.' })[WORKLOAD].spec],
  ['a rate', requestRate({ rate: 1, requests: 3 })[WORKLOAD].spec],
  ['a rate for a time', requestRate({ rate: 1, duration: 3600, distribution: 'constant' })[WORKLOAD].spec],
  ['a rollout', rollout({ batch: 8, n: 8 })[WORKLOAD].spec],
  ['a rollout that asks once for all answers', rollout({ batch: 8, n: 8, nPerRequest: true })[WORKLOAD].spec],
]

test.for(WORKLOADS)('%s: some hundred requests go to the stand-in, the dataset over, and nothing to the server', async ([, spec]) => {
  const target = new RehearsedTarget({ latencyMs: 1 })
  const driver = driverOf(spec, numbered(5), target)
  const beganMs = performance.now()
  await rehearse(driver)
  expect(target.sent).toEqual([])
  expect(target.rehearsed.length).toBeGreaterThan(300)
  expect(new Set(target.rehearsed.map(lastText)).size).toBe(5)
  expect(target.closed).toBe(target.standIns.length)
  expect(performance.now() - beganMs).toBeLessThan(3000)
  expect(driver.shared.mostInFlight).toBe(0)
  expect(driver.progress.snapshot()).toMatchObject({ started: 0, completed: 0, failed: 0, outputTokens: 0 })
})

test('a stand-in that is slow is given up after a second', async () => {
  const target = new RehearsedTarget({ latencyMs: 60_000 })
  const beganMs = performance.now()
  await rehearse(driverOf(clients({ n: 4, requests: 4 })[WORKLOAD].spec, numbered(5), target))
  expect(performance.now() - beganMs).toBeGreaterThan(900)
  expect(target.closed).toBe(target.standIns.length)
})

test('one that fails is given up at once', async () => {
  const target = new RehearsedTarget({ fail: () => 'reset' })
  await rehearse(driverOf(requestRate({ rate: 1, requests: 1 })[WORKLOAD].spec, numbered(5), target))
  expect(target.rehearsed.length).toBeLessThan(100)
  expect(target.closed).toBe(target.standIns.length)
})

test('one that can not be had is of no consequence', async () => {
  const target = new RehearsedTarget()
  target.standIn = () => Promise.reject(new Error('no port is left'))
  await rehearse(driverOf(clients({ n: 4, requests: 4 })[WORKLOAD].spec, numbered(5), target))
  expect(target.sent).toEqual([])
})

test('a run that is cancelled is rehearsed no further', async () => {
  const controller = new AbortController()
  const target = new RehearsedTarget({ latencyMs: 60_000 })
  const rehearsed = rehearse(driverOf(clients({ n: 4, requests: 4 })[WORKLOAD].spec, numbered(5), target, controller.signal))
  controller.abort()
  await rehearsed
  expect(target.closed).toBe(target.standIns.length)
})

test('what does not stream, or has no stand-in, is not rehearsed', async () => {
  const spec = clients({ n: 4, requests: 4 })[WORKLOAD].spec
  expect(isRehearsable(spec, new RehearsedTarget())).toBe(true)
  expect(isRehearsable(spec, new MemoryTarget())).toBe(false)
  const whole = new RehearsedTarget()
  await rehearse(driverOf({ ...spec, stream: false }, numbered(5), whole))
  expect(whole.standIns).toEqual([])
})

import { expect, test } from 'vitest'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { clients, requestRate, rollout } from '../../../src/dsl/workloads.ts'
import type { ServedWorkloadSpec } from '../../../src/dsl/workload-spec.ts'
import { rehearse } from '../../../src/load/rehearsal.ts'
import type { StoodIn } from '../../../src/targets/target.ts'
import { datasetOf, driverOf, lastText, MemoryTarget } from './memory-target.ts'
import type { MemoryTargetOptions } from './memory-target.ts'

/** A target whose stand-ins are in memory, too. */
class RehearsedTarget extends MemoryTarget {
  readonly standIns: MemoryTarget[] = []
  isReachedAlike = true
  closed = 0
  readonly #standInOptions: MemoryTargetOptions | undefined

  constructor(standInOptions?: MemoryTargetOptions) {
    super()
    this.#standInOptions = standInOptions
  }

  get rehearsed(): MemoryTarget['sent'] {
    return this.standIns.flatMap(({ sent }) => sent)
  }

  standIn(): Promise<StoodIn> {
    const target = new MemoryTarget(this.#standInOptions)
    target.close = () => {
      this.closed++
      return Promise.resolve()
    }
    this.standIns.push(target)
    return Promise.resolve({ target, isReachedAlike: this.isReachedAlike })
  }
}

const WORKLOADS: readonly (readonly [string, ServedWorkloadSpec])[] = [
  ['clients', clients({ n: 40, requests: 100, rampUp: 5, thinkTime: 5 })[WORKLOAD].spec],
  ['clients for a time', clients({ n: 2, duration: 3600, stopAfter: 0.001 })[WORKLOAD].spec],
  ['conversations', clients({ n: 3, requests: 9, turns: 3, systemPrompt: 'Be brief.' })[WORKLOAD].spec],
  ['a rate', requestRate({ rate: 1, requests: 3 })[WORKLOAD].spec],
  ['a rate for a time', requestRate({ rate: 1, duration: 3600, distribution: 'constant' })[WORKLOAD].spec],
  ['a rate with a limit', requestRate({ rate: 1, requests: 3, maxConcurrency: 2 })[WORKLOAD].spec],
  ['a rollout', rollout({ batch: 8, n: 8 })[WORKLOAD].spec],
  ['a rollout that asks once for all answers', rollout({ batch: 8, n: 8, nPerRequest: true })[WORKLOAD].spec],
]

const prompts = datasetOf(
  Array.from({ length: 5 }, (_, i) => ({
    messages: [{ role: 'user', content: `prompt ${i}` }],
    userTurns: [`prompt ${i}`, 'And?', 'And?'],
  })),
)

test.for(WORKLOADS)('%s: some hundred requests go to stand-ins, the dataset over, and nothing to the server', async ([, spec]) => {
  const target = new RehearsedTarget({ text: () => 'so' })
  const driver = driverOf(spec, prompts, target)
  expect(await rehearse(driver)).toBe(true)
  expect(target.sent).toEqual([])
  expect(target.rehearsed.length).toBeGreaterThan(400)
  expect(new Set(target.rehearsed.map(lastText)).size).toBeGreaterThanOrEqual(5)
  expect(Math.max(...target.standIns.map(({ mostInFlight }) => mostInFlight))).toBeLessThanOrEqual(64)
  expect(target.closed).toBe(2)
  expect(driver.shared.mostInFlight).toBe(0)
  expect(driver.progress.snapshot()).toMatchObject({ started: 0, completed: 0, failed: 0, outputTokens: 0 })
})

test('a stand-in that is slow is given up after a second', async () => {
  const target = new RehearsedTarget({ latencyMs: 60_000 })
  const beganMs = performance.now()
  expect(await rehearse(driverOf(clients({ n: 4, requests: 4 })[WORKLOAD].spec, prompts, target))).toBe(false)
  expect(performance.now() - beganMs).toBeGreaterThan(900)
  expect([target.standIns.length, target.closed]).toEqual([1, 1])
})

test('one that fails is given up at once', async () => {
  const target = new RehearsedTarget({ fail: () => 'reset' })
  expect(await rehearse(driverOf(requestRate({ rate: 1, requests: 1 })[WORKLOAD].spec, prompts, target))).toBe(false)
  expect([target.standIns.length, target.closed]).toEqual([1, 1])
})

test('one that can not be had is of no consequence', async () => {
  const target = new RehearsedTarget()
  target.standIn = () => Promise.reject(new Error('no port is left'))
  expect(await rehearse(driverOf(clients({ n: 4, requests: 4 })[WORKLOAD].spec, prompts, target))).toBe(false)
  expect(target.sent).toEqual([])
})

test('one that is reached in another way makes no whole rehearsal', async () => {
  const target = new RehearsedTarget()
  target.isReachedAlike = false
  expect(await rehearse(driverOf(clients({ n: 4, requests: 4 })[WORKLOAD].spec, prompts, target))).toBe(false)
  expect(target.rehearsed.length).toBeGreaterThan(400)
})

test('a run that is cancelled is rehearsed no further', async () => {
  const controller = new AbortController()
  const target = new RehearsedTarget({ latencyMs: 60_000 })
  const rehearsed = rehearse(driverOf(clients({ n: 4, requests: 4 })[WORKLOAD].spec, prompts, target, controller.signal))
  await expect.poll(() => target.rehearsed.length).toBeGreaterThan(0)
  const beganMs = performance.now()
  controller.abort()
  expect(await rehearsed).toBe(false)
  expect(performance.now() - beganMs).toBeLessThan(700)
  expect(target.closed).toBe(target.standIns.length)
})

test('what does not stream, or has no stand-in, is not rehearsed', async () => {
  const spec = clients({ n: 4, requests: 4 })[WORKLOAD].spec
  expect(await rehearse(driverOf(spec, prompts, new MemoryTarget()))).toBe(false)
  const whole = new RehearsedTarget()
  expect(await rehearse(driverOf({ ...spec, stream: false }, prompts, whole))).toBe(false)
  expect(whole.standIns).toEqual([])
})

import { expect, test } from 'vitest'
import { clients } from '../../../src/dsl/workloads.ts'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { closedLoop } from '../../../src/load/closed-loop.ts'
import { FailureWatch } from '../../../src/load/failure-watch.ts'
import { driverOf, MemoryTarget, numbered } from './memory-target.ts'

const failed = { error: { kind: 'http', message: 'HTTP 503' } } as const

function fed(watch: FailureWatch, answers: string): FailureWatch {
  for (const answer of answers) watch.add(answer === 'x' ? failed : {})
  return watch
}

test('without limits no failure ends a run', () => {
  const watch = fed(new FailureWatch(), 'x'.repeat(1000))
  expect(watch.signal.aborted).toBe(false)
  expect(watch.reason).toBeUndefined()
})

test('failures in a row end the run, a success between them starts the count again', () => {
  const watch = fed(new FailureWatch({ consecutive: 3 }), 'xx.xx.')
  expect(watch.signal.aborted).toBe(false)
  fed(watch, 'xxx')
  expect(watch.signal.aborted).toBe(true)
  expect(watch.reason).toBe('3 requests in a row failed (abortOn.consecutive: 3); the last: HTTP 503')
})

test('a share of failures counts from the 20th request on', () => {
  const watch = fed(new FailureWatch({ errorRate: 0.2 }), `xxxxx${'.'.repeat(14)}`)
  expect(watch.signal.aborted).toBe(false)
  fed(watch, 'x')
  expect(watch.reason).toBe('6 of 20 requests failed, 30% (abortOn.errorRate: 20%); the last: HTTP 503')
})

test('a share below the limit does not end the run', () => {
  expect(fed(new FailureWatch({ errorRate: 0.2 }), '....x'.repeat(3) + '.....'.repeat(40)).signal.aborted).toBe(false)
})

test('the first reason stands', () => {
  const watch = fed(new FailureWatch({ errorRate: 0.5, consecutive: 10 }), 'x'.repeat(40))
  expect(watch.reason).toContain('10 requests in a row')
})

test('a loop told to end keeps what had ended and sends no more', async () => {
  const spec = clients({ n: 4, rampUp: 0, requests: 10_000, abortOn: { consecutive: 6 } })[WORKLOAD].spec
  const target = new MemoryTarget({ latencyMs: 2, fail: (i) => (i >= 8 ? 'http' : undefined) })
  const failures = new FailureWatch(spec.abortOn)
  const driver = { ...driverOf(spec, numbered(5), target, failures.signal), failures }
  const { log, facts } = await closedLoop(driver)
  const columns = await log.finish()
  expect(facts.cancelled).toBe(true)
  expect(columns.completed.filter((completed) => completed === 1)).toHaveLength(8)
  expect(columns.completed.filter((completed) => completed === 0).length).toBeGreaterThanOrEqual(6)
  expect(target.sent.length).toBeLessThan(30)
  expect(target.inFlight).toBe(0)
})

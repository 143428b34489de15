import { expect, test } from 'vitest'
import type { BatchCaseMetrics, RunMetrics } from '../../../src/metrics/summary-types.ts'
import { medianIndex, standingRun } from '../../../src/verdict/standing-run.ts'

const requests = (outputTokensPerSecond: number | undefined, requestsPerSecond = 1): RunMetrics =>
  ({ kind: 'requests', outputTokensPerSecond, requestsPerSecond }) as RunMetrics
const batch = (...totalLatencies: (number | undefined)[]): RunMetrics => ({
  kind: 'oneBatch',
  cases: totalLatencies.map((totalLatency) => ({ batch: 2, inputLength: 5, outputLength: 5, totalLatency }) as BatchCaseMetrics),
})

test('the run of median throughput stands for all', () => {
  expect(standingRun([requests(300), requests(100), requests(200)])).toBe(2)
  expect(standingRun([batch(10, 40), batch(20, 25), batch(30, 30)])).toBe(0)
})

test('of an even number it is the lower of the two in the middle', () => {
  expect(standingRun([requests(400), requests(100), requests(300), requests(200)])).toBe(3)
  expect(standingRun([requests(2), requests(1)])).toBe(1)
})

test('runs that do not all know their tokens are ranked by requests, and those that know neither stand by the last', () => {
  expect(standingRun([requests(900, 3), requests(undefined, 2), requests(100, 1)])).toBe(1)
  expect(standingRun([batch(undefined), batch(undefined)])).toBe(1)
})

test('the median of an order is the worse of two', () => {
  expect(medianIndex([5, 9, 7, 1], (a, b) => b - a)).toBe(2)
})

import { expect, test } from 'vitest'
import { compareRuns } from '../../../src/verdict/compare.ts'
import type { Clause } from '../../../src/verdict/compare.ts'
import type { Comparison } from '../../../src/verdict/comparison.ts'
import type { RunSample } from '../../../src/verdict/run-sample.ts'
import { runsWith } from './statistics/samples.ts'

const ABOUT = { bench: 'chat', attempt: 0, against: 'v1' }
const TTFT: Clause = { metric: 'ttft.p99', unit: 'ms', direction: 'max', within: 0.05 }
const RATE: Clause = { metric: 'outputTokensPerSecond', unit: 'tok/s', direction: 'min', within: 0.05 }

function compare(reference: RunSample[], measured: RunSample[], clause: Clause): Comparison {
  return compareRuns(reference, measured, [clause], { looks: [[reference.length, measured.length]] }, ABOUT)[0]!
}

test('passes runs that differ by less than matters, and tells the change with its interval', () => {
  const comparison = compare(runsWith('ttft.p99', 99, 100, 101), runsWith('ttft.p99', 100, 101, 102), TTFT)
  expect(comparison).toMatchObject({ ...ABOUT, metric: 'ttft.p99', state: 'pass', reference: { runs: 3, values: [99, 100, 101] } })
  expect(comparison.change).toBeCloseTo(0.01, 4)
  expect(comparison.interval![0]).toBeLessThan(comparison.change!)
  expect(comparison.interval![1]).toBeGreaterThan(comparison.change!)
  expect(comparison.interval![1]).toBeLessThan(0.05)
})

test('calls a latency that rose, and a rate that fell, regressed', () => {
  expect(compare(runsWith('ttft.p99', 99, 100, 101), runsWith('ttft.p99', 119, 120, 121), TTFT).state).toBe('regressed')
  const slower = compare(runsWith(RATE.metric, 990, 1000, 1010), runsWith(RATE.metric, 790, 800, 810), RATE)
  expect(slower.state).toBe('regressed')
  expect(slower.interval![1]).toBeLessThan(-0.05)
})

test('calls the opposite improved', () => {
  expect(compare(runsWith('ttft.p99', 99, 100, 101), runsWith('ttft.p99', 79, 80, 81), TTFT).state).toBe('improved')
  expect(compare(runsWith(RATE.metric, 990, 1000, 1010), runsWith(RATE.metric, 1190, 1200, 1210), RATE).state).toBe('improved')
})

test('is inconclusive where the interval holds the least change that matters', () => {
  expect(compare(runsWith('ttft.p99', 80, 100, 120), runsWith('ttft.p99', 85, 105, 125), TTFT).state).toBe('inconclusive')
})

test('says nothing for certain with fewer than three runs a side', () => {
  expect(compare(runsWith('ttft.p99', 99, 101, 100), runsWith('ttft.p99', 200, 201), TTFT).state).toBe('inconclusive')
  expect(compare(runsWith('ttft.p99', 100), runsWith('ttft.p99', 100), TTFT).state).toBe('inconclusive')
})

test('is an error where a side has no such figure, or its sample is too small for it', () => {
  const runs = runsWith('ttft.p99', 99, 100, 101)
  expect(compare(runs, runsWith('ttft.p95', 99, 100, 101), TTFT)).toMatchObject({
    state: 'error',
    message: 'ttft.p99 was not measured in this run.',
  })
  expect(compare(runsWith('ttft.p95', 1, 2, 3), runs, TTFT).message).toBe('ttft.p99 was not measured in v1.')
  const few = runsWith('ttft.p99', { value: 100, fewSamples: { have: 50, need: 662 } }, 101, 99)
  expect(compare(runs, few, TTFT).state).toBe('error')
  expect(compare(runs, few, { ...TTFT, allowFewSamples: true }).state).toBe('pass')
})

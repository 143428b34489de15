import { expect, test } from 'vitest'
import { METRICS, readMetric } from '../../../src/metrics/metric-names.ts'
import { summarize } from '../../../src/metrics/summarize.ts'
import type { RequestMetrics } from '../../../src/metrics/summary-types.ts'
import { recordOf, withTtfts } from './records.ts'

const metrics = summarize(
  recordOf(
    withTtfts([100, 200, 300]).map((sketch) => ({ ...sketch, connect: 1 })),
    { steadyNs: [0, 1e9], openLoop: true },
  ),
) as RequestMetrics

test('every figure of a full run is read under its name', () => {
  for (const { name, of } of METRICS.values()) {
    if (of === 'requests') expect([name, readMetric(metrics, name)]).toEqual([name, expect.any(Number)])
  }
  expect(readMetric(metrics, 'ttft.p50')).toBe(200)
  expect(readMetric(metrics, 'ttft.p99.9')).toBe(metrics.ttft?.['p99.9'])
  expect(readMetric(metrics, 'steady.e2e.max')).toBe(340)
  expect(readMetric(metrics, 'fromSchedule.ttft.min')).toBe(100)
  expect(readMetric(metrics, 'steady.outputTokensPerSecond')).toBe(15)
})

test('what a run lacks is undefined', () => {
  const { steady: _, ttft: __, ...rest } = metrics
  expect(readMetric(rest, 'steady.e2e.max')).toBeUndefined()
  expect(readMetric(rest, 'ttft.p99')).toBeUndefined()
  expect(readMetric(metrics, 'prefillLatency')).toBeUndefined()
  expect(readMetric(summarize(recordOf([])) as RequestMetrics, 'successRate')).toBeUndefined()
})

test('a case of a static batch is read by the same names', () => {
  const figures = { batch: 1, inputLength: 1, outputLength: 1, prefillLatency: 3 }
  expect(readMetric(figures, 'prefillLatency')).toBe(3)
  expect(readMetric(figures, 'decodeTokensPerSecond')).toBeUndefined()
})

test('latencies are bounded above, throughput and shares below, and spread above', () => {
  for (const name of ['ttft.p99', 'scheduleDelay.max', 'totalLatency', 'perUserTokensPerSecond.std']) {
    expect(METRICS.get(name)?.direction).toBe('max')
  }
  for (const name of ['outputTokensPerSecond', 'successRate', 'perUserTokensPerSecond.p50', 'prefillTokensPerSecond']) {
    expect(METRICS.get(name)?.direction).toBe('min')
  }
})

import { expect, test } from 'vitest'
import { sampleOf } from '../../../src/verdict/sample-of.ts'
import { batchRun, clientMetrics, distribution, requestMetrics } from '../reporters/fixtures.ts'

const run = {
  bench: { file: 'benches/chat.bench.ts', test: 'chat', name: 'chat' },
  startedAt: '2026-03-01T12:00:00.000Z',
  cohort: { target: 'openai' },
  partial: false,
}

test('has every figure that an assertion can be about, by its name, and none that the run lacks', () => {
  const { figures } = sampleOf({ ...run, metrics: requestMetrics() })
  expect(figures).toMatchObject({ 'ttft.p99': { value: 120 }, outputTokensPerSecond: { value: 1280 }, successRate: { value: 1 } })
  expect(figures).not.toHaveProperty(['ttfo.p99'])
  expect(figures).not.toHaveProperty(['prefillLatency'])
})

test('marks the figures that the sample can not support', () => {
  const { figures } = sampleOf({ ...run, metrics: requestMetrics({ ttft: distribution(40, 100) }) })
  expect(figures['ttft.p99']).toEqual({ value: 120, fewSamples: { have: 100, need: 662 } })
  expect(figures['ttft.p90']).toEqual({ value: 80 })
})

test('names the cases of a static batch as thresholds do', () => {
  const { figures } = sampleOf({ ...run, metrics: batchRun().metrics })
  expect(Object.keys(figures)).toContain('prefillTokensPerSecond[batch 8, in 1024, out 1]')
})

test('tells what speaks against the run', () => {
  const metrics = requestMetrics({ client: clientMetrics({ validity: 'degraded', reasons: ['a stall'] }) })
  expect(sampleOf({ ...run, metrics })).toMatchObject({ validity: 'degraded', reasons: ['a stall'] })
  expect(sampleOf({ ...run, metrics: requestMetrics({ client: clientMetrics() }) })).not.toHaveProperty('reasons')
})

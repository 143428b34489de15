import { expect, test } from 'vitest'
import { ColumnBuilder } from '../../../src/metrics/columns.ts'
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

test('tells of how many requests the success rate is a share', () => {
  expect(sampleOf({ ...run, metrics: requestMetrics() }).figures['successRate']).toEqual({ value: 1, of: 1000 })
})

test('has the errors of figures, and how requests are spread, where it has the requests', () => {
  const columns = new ColumnBuilder()
  for (let i = 0; i < 200; i++) {
    const sentNs = i * 1e7
    const firstTokenNs = sentNs + (50 + (i % 7)) * 1e6
    const lastTokenNs = firstTokenNs + 20e6
    columns.append({
      promptIndex: i,
      scheduledNs: sentNs,
      sentNs,
      firstTokenNs,
      lastTokenNs,
      outputTokens: 2,
      promptTokens: 4,
      completed: true,
      gapsMs: [20],
    })
  }
  const requests = { columns: columns.finish(), startNs: 0, endNs: 2.08e9, steadyNs: [1e8, 1.9e9] as const }
  const sample = sampleOf({ ...run, metrics: requestMetrics({ outputLength: distribution(2) }), requests })
  for (const name of ['ttft.mean', 'ttft.p50', 'itl.p90', 'outputTokensPerSecond', 'successRate']) {
    expect(sample.figures[name]).toHaveProperty('standardError')
  }
  expect(sample.figures['ttft.max']).not.toHaveProperty('standardError')
  expect(Object.keys(sample.distributions!)).toEqual(['ttft', 'tpot', 'itl', 'e2e', 'outputLength'])
  expect(sample.distributions!.itl).toEqual({ count: 200, bins: '20:200' })
  expect(sample.distributions!.outputLength).toEqual({ count: 200, bins: '2:200' })
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

import { expect, test } from 'vitest'
import { batchCaseMetrics } from '../../../src/metrics/batch-cases.ts'
import { summarize } from '../../../src/metrics/summarize.ts'

test('a case has the figures that its times give', () => {
  const decodeNs = [10e6, 30e6, 20e6]
  // 8 × 1024 tokens in 0.5 s; 8 tokens in each step of 20 ms; 8 × 1028 tokens in 0.56 s.
  expect(batchCaseMetrics({ batch: 8, inputLength: 1024, outputLength: 4, prefillNs: 500e6, decodeNs })).toEqual({
    batch: 8,
    inputLength: 1024,
    outputLength: 4,
    prefillLatency: 500,
    prefillTokensPerSecond: 16_384,
    medianDecodeLatency: 20,
    decodeTokensPerSecond: 400,
    totalLatency: 560,
    overallTokensPerSecond: expect.closeTo(14_685.714_285_714, 6),
  })
})

test('the median of an even number of steps lies between the middle ones', () => {
  const figures = batchCaseMetrics({ batch: 1, inputLength: 1, outputLength: 3, prefillNs: 1e6, decodeNs: [1e6, 3e6] })
  expect(figures).toMatchObject({ medianDecodeLatency: 2, decodeTokensPerSecond: 500 })
})

test('an output of one token has no decode figures', () => {
  const figures = batchCaseMetrics({ batch: 4, inputLength: 100, outputLength: 1, prefillNs: 100e6, decodeNs: [] })
  expect(figures).toEqual({
    batch: 4,
    inputLength: 100,
    outputLength: 1,
    prefillLatency: 100,
    prefillTokensPerSecond: 4000,
    totalLatency: 100,
    overallTokensPerSecond: 4040,
  })
})

test('a skipped case has its reason and no figure', () => {
  const lengths = { batch: 64, inputLength: 4096, outputLength: 2 }
  expect(batchCaseMetrics({ ...lengths, decodeNs: [], skipped: 'too long' })).toEqual({ ...lengths, skipped: 'too long' })
})

test('missing steps leave the total unknown', () => {
  const figures = batchCaseMetrics({ batch: 1, inputLength: 8, outputLength: 5, prefillNs: 1e6, decodeNs: [1e6] })
  expect(figures).not.toHaveProperty('totalLatency')
  expect(figures).not.toHaveProperty('overallTokensPerSecond')
})

test('times of zero give no throughput', () => {
  const figures = batchCaseMetrics({ batch: 1, inputLength: 8, outputLength: 2, prefillNs: 0, decodeNs: [0] })
  expect(figures).not.toHaveProperty('prefillTokensPerSecond')
  expect(figures).not.toHaveProperty('decodeTokensPerSecond')
})

test('a run has the figures of all its cases in their order', () => {
  const one = { batch: 1, inputLength: 8, outputLength: 1, prefillNs: 1e6, decodeNs: [] }
  const metrics = summarize({ kind: 'oneBatch', cases: [one, { ...one, batch: 2 }], notes: [], partial: false })
  expect(metrics).toMatchObject({ kind: 'oneBatch', cases: [{ batch: 1 }, { batch: 2, prefillTokensPerSecond: 16_000 }] })
})

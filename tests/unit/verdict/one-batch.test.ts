import { expect, test } from 'vitest'
import type { BatchCase } from '../../../src/metrics/record.ts'
import { batchSubjectOf, judgeOne, judgeSLO } from './subjects.ts'

function caseOf(batch: number, outputLength: number, prefillMs: number): BatchCase {
  const decodeNs = Array.from({ length: outputLength - 1 }, () => 10e6)
  return { batch, inputLength: 1024, outputLength, prefillNs: prefillMs * 1e6, decodeNs }
}

const subject = batchSubjectOf([caseOf(4, 1, 100), caseOf(4, 64, 100), caseOf(8, 1, 400), caseOf(8, 64, 400)])

test('a threshold holds for every case, each with a verdict of its own', () => {
  const verdicts = judgeSLO({ prefillTokensPerSecond: '>= 30000 tok/s' }, subject)
  expect(verdicts.map(({ threshold, measured, state, attempt }) => [threshold, measured, state, attempt])).toEqual([
    ['prefillTokensPerSecond[batch 4, in 1024, out 1] >= 30000 tok/s', 40_960, 'pass', 1],
    ['prefillTokensPerSecond[batch 4, in 1024, out 64] >= 30000 tok/s', 40_960, 'pass', 1],
    ['prefillTokensPerSecond[batch 8, in 1024, out 1] >= 30000 tok/s', 20_480, 'fail', 1],
    ['prefillTokensPerSecond[batch 8, in 1024, out 64] >= 30000 tok/s', 20_480, 'fail', 1],
  ])
  expect(verdicts[2]!.message).toBe(
    'prefillTokensPerSecond[batch 8, in 1024, out 1] >= 30000 tok/s: measured 20,480 tok/s, limit 30,000 tok/s, margin −31.7%',
  )
})

test('a threshold holds for the named cases alone', () => {
  expect(judgeOne({ case: { batch: 8, outputLength: 64 }, prefillLatency: '<= 0.4s' }, subject)).toMatchObject({
    metric: 'prefillLatency[batch 8, in 1024, out 64]',
    measured: 400,
    state: 'pass',
  })
  const verdicts = judgeSLO(
    [
      { case: { batch: 4 }, prefillLatency: 100 },
      { case: { batch: 8 }, prefillLatency: 400 },
    ],
    subject,
  )
  expect(verdicts.map(({ state }) => state)).toEqual(['pass', 'pass', 'pass', 'pass'])
})

test('a case that matches none is an error that says which there are', () => {
  expect(judgeOne({ case: { batch: 16 }, prefillLatency: 1 }, subject)).toMatchObject({
    state: 'error',
    message: "prefillLatency[batch 16] <= 1ms can't be judged: no case has batch 16; the run has batch 4, 8",
  })
  expect(judgeOne({ case: { batch: 8, outputLength: 2 }, prefillLatency: 1 }, subject)).toMatchObject({
    metric: 'prefillLatency[batch 8, out 2]',
    message: expect.stringContaining('no case has batch 8 and outputLength 2; the run has batch 4, 8 and outputLength 1, 64'),
  })
  expect(judgeOne({ prefillLatency: 1 }, batchSubjectOf([])).message).toContain('the run has no case')
})

test('decode thresholds are about the cases that have decode steps', () => {
  const verdicts = judgeSLO({ decodeTokensPerSecond: 500, medianDecodeLatency: '<= 10ms' }, subject)
  expect(verdicts.map(({ metric, state }) => [metric, state])).toEqual([
    ['decodeTokensPerSecond[batch 4, in 1024, out 64]', 'fail'],
    ['decodeTokensPerSecond[batch 8, in 1024, out 64]', 'pass'],
    ['medianDecodeLatency[batch 4, in 1024, out 64]', 'pass'],
    ['medianDecodeLatency[batch 8, in 1024, out 64]', 'pass'],
  ])
})

test('decode thresholds on one-token outputs alone are errors', () => {
  const verdicts = judgeSLO({ case: { outputLength: 1 }, decodeTokensPerSecond: 1 }, subject)
  expect(verdicts).toMatchObject([
    { state: 'error', message: expect.stringContaining('no decode step') },
    { state: 'error', message: expect.stringContaining('no decode step') },
  ])
})

test('a skipped case is an error with its reason, never a silent pass', () => {
  const skipped = batchSubjectOf([{ batch: 64, inputLength: 9, outputLength: 1, decodeNs: [], skipped: 'it needs 4096 tokens' }])
  expect(judgeOne({ prefillLatency: 1 }, skipped)).toMatchObject({
    state: 'error',
    message: expect.stringContaining('the case was skipped (it needs 4096 tokens)'),
  })
})

test('repeated cases keep thresholds apart', () => {
  const verdicts = judgeSLO({ totalLatency: 100 }, batchSubjectOf([caseOf(1, 1, 5), caseOf(1, 1, 6)]))
  expect(verdicts.map(({ metric }) => metric)).toEqual([
    'totalLatency[batch 1, in 1024, out 1]',
    'totalLatency[batch 1, in 1024, out 1, run 2]',
  ])
})

test('figures of requests are errors', () => {
  expect(judgeOne({ ttft: { p50: 1 } }, subject)).toMatchObject({
    state: 'error',
    message: expect.stringContaining('oneBatch() has no such figure; it has prefillLatency'),
  })
  expect(judgeOne({ goodput: { ttft: 1, share: 1 } }, subject)).toMatchObject({ state: 'error', metric: 'goodput.share' })
})

test('agreement is a figure of the whole run, and asks for correctness where it is absent', () => {
  const agreeing = { ...subject, metrics: { ...subject.metrics, agreement: 0.99 } }
  expect(judgeOne({ agreement: '>= 99%' }, agreeing)).toMatchObject({ metric: 'agreement', measured: 0.99, state: 'pass' })
  expect(judgeOne({ agreement: 1, case: { batch: 4 } }, agreeing)).toMatchObject({ metric: 'agreement', state: 'fail' })
  expect(judgeOne({ agreement: 1 }, subject)).toMatchObject({
    state: 'error',
    message: expect.stringContaining('oneBatch({ correctness: true })') as string,
  })
})

import { expect, test } from 'vitest'
import type { Sketch } from '../metrics/records.ts'
import { judgeOne, judgeSLO, subjectOf } from './subjects.ts'

/** TTFTs 100, 200 and 300 ms with TPOTs 10, 50 and 10 ms, and a failed request. */
const mixed: Sketch[] = [
  { first: 100, gapsMs: [10, 10] },
  { first: 200, gapsMs: [20, 80] },
  { first: 300, gapsMs: [10, 10] },
  { first: 1, gapsMs: [1], completed: false, errorKind: 'truncated' },
]

test('is the completed requests that meet all limits, as a share of those started and per second of wall time', () => {
  const verdicts = judgeSLO({ goodput: { ttft: '<= 200ms', tpot: '<= 40ms', share: '>= 50%', rate: '>= 0.1 req/s' } }, subjectOf(mixed))
  expect(verdicts).toMatchObject([
    {
      metric: 'goodput.share',
      threshold: 'goodput.share >= 50% (ttft <= 200ms, tpot <= 40ms)',
      measured: 0.25,
      unit: '%',
      state: 'fail',
      message: expect.stringMatching(/^goodput\.share >= 50% \(.*\): measured 25%, limit 50%, margin −50%$/) as string,
    },
    { metric: 'goodput.rate', measured: 0.1, unit: 'req/s', state: 'pass' },
  ])
})

test.for([
  [{ ttft: 300 }, 0.75],
  [{ ttft: '< 300ms' }, 0.5],
  [{ ttfo: 150 }, 0.25],
  [{ itl: 20 }, 0.5],
  [{ itl: 80 }, 0.75],
  [{ e2e: '<= 0.12s' }, 0.25],
  [{ tpot: 50, e2e: 300 }, 0.5],
] as const)('%j is met by a share of %d', ([limits, share]) => {
  expect(judgeOne({ goodput: { ...limits, share: 0 } }, subjectOf(mixed)).measured).toBe(share)
})

test('a one-token answer meets limits on what it cannot have', () => {
  const subject = subjectOf([{ first: 100 }, { first: 100, gapsMs: [90] }])
  expect(judgeOne({ goodput: { tpot: 40, itl: 40, share: 0 } }, subject).measured).toBe(0.5)
  expect(judgeOne({ goodput: { tpot: 40, itl: 40, share: 0 } }, subjectOf([{ first: 100 }])).measured).toBe(1)
})

test('a request whose figure is unknown does not meet a limit on it', () => {
  const subject = subjectOf([
    { first: 100, gapsMs: [10], outputTokens: -1 },
    { first: 100, gapsMs: [10] },
  ])
  expect(judgeOne({ goodput: { tpot: 40, share: 0 } }, subject).measured).toBe(0.5)
})

test('is an error where no request has the figure', () => {
  const slo = { goodput: { ttft: 200, share: 0.5 } }
  const why = (...of: Parameters<typeof subjectOf>): string => judgeOne(slo, subjectOf(...of)).message
  expect(why(mixed, { streamed: false })).toContain('stream: false')
  expect(why([{ completed: false }])).toContain('no request completed')
  expect(why([])).toContain('no request was started')
  expect(judgeOne({ goodput: { tpot: 40, share: 0.5 } }, subjectOf([{ first: 1, outputTokens: -1 }])).message).toContain('unknown')
})

test('is an error where the single requests are not at hand', () => {
  const { columns: _, ...subject } = subjectOf(mixed)
  expect(judgeOne({ goodput: { ttft: 200, share: 0.5 } }, subject)).toMatchObject({ state: 'error' })
})

test('never vanishes beside a case that does not apply', () => {
  const slo = { case: { batch: 1 }, goodput: { ttft: 200, share: 0.5 } }
  expect(judgeOne(slo, subjectOf(mixed))).toMatchObject({ state: 'error', metric: 'goodput.share' })
})

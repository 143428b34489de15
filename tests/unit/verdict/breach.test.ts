import { expect, test } from 'vitest'
import { formatBreaches } from '../../../src/verdict/breach.ts'
import { negate } from '../../../src/verdict/slo.ts'
import { withTtfts } from '../metrics/records.ts'
import { judgeSLO, outcomeOf, subjectOf } from './subjects.ts'

const run = subjectOf(withTtfts([100, 200, 300]))
const slo = { ttft: { mean: '<= 160ms', p99: '<= 1s' }, e2e: { mean: '<= 100ms' }, successRate: '>= 99%' }

test('all breaches stand together, then what could not be judged', () => {
  expect(formatBreaches('chat', judgeSLO(slo, run))).toBe(
    `chat: 2 of 4 thresholds broken, 1 of 4 thresholds can't be judged
  ✗ ttft.mean <= 160ms: measured 200 ms, limit 160 ms, margin −25%; worst requests: #2 300 ms (client 2, prompt 2) · #1 200 ms (client 1, prompt 1) · #0 100 ms (client 0, prompt 0)
  ✗ e2e.mean <= 100ms: measured 240 ms, limit 100 ms, margin −140%; worst requests: #2 340 ms (client 2, prompt 2) · #1 240 ms (client 1, prompt 1) · #0 140 ms (client 0, prompt 0)
  ! ttft.p99 <= 1000ms can't be judged: p99 needs 662 requests and there are 3: send more, assert the median or the mean, or set allowFewSamples: true to have it judged and marked`,
  )
  expect(formatBreaches('chat', judgeSLO({ successRate: 1 }, run))).toBe('chat: 1 threshold met')
})

test('.not passes where at least one threshold is broken', () => {
  const verdicts = negate(judgeSLO({ ttft: { mean: '<= 160ms' }, successRate: 1 }, run))
  expect(outcomeOf(verdicts)).toBe('pass')
  expect(verdicts.map(({ threshold, state, negated }) => [threshold, state, negated])).toEqual([
    ['not ttft.mean <= 160ms', 'pass', true],
    ['not successRate >= 100%', 'pass', true],
  ])
})

test('.not fails where every threshold holds, and says so', () => {
  const verdicts = negate(judgeSLO({ successRate: 1 }, run))
  expect(outcomeOf(verdicts)).toBe('fail')
  expect(formatBreaches('chat', verdicts)).toMatch(
    /^chat: no threshold broken, though `\.not` expects one to be\n {2}✗ not successRate >= 100%: measured 100%, limit 100%, exactly at it; expected at least one threshold to be broken$/,
  )
})

test('.not does not pass on what could not be judged', () => {
  expect(outcomeOf(negate(judgeSLO(slo, run)))).toBe('error')
  expect(outcomeOf(negate(judgeSLO({ tpot: { p99: 1 } }, run)))).toBe('error')
})

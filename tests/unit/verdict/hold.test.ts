import { expect, test } from 'vitest'
import type { Comparison } from '../../../src/verdict/comparison.ts'
import { breachOf, holdingOf } from '../../../src/verdict/hold.ts'
import type { HoldingFacts } from '../../../src/verdict/hold.ts'
import type { Inconclusive } from '../../../src/verdict/holding.ts'

function facts(inconclusive: Inconclusive = 'warn'): HoldingFacts {
  const against = 'baseline of 2026-11-20, 10 runs'
  return { bench: 'chat', attempt: 0, matcher: 'toHoldBaseline', against, inconclusive, differences: [], notes: ['2 runs are degraded.'] }
}

function comparison(state: Comparison['state'], metric: string = state): Comparison {
  const message = `${metric} is ${state}`
  return { bench: 'chat', attempt: 0, against: 'baseline', metric, unit: 'ms', direction: 'max', within: 0.1, state, message }
}

function stateOf(...states: Comparison['state'][]): string {
  return holdingOf(
    facts(),
    states.map((state) => comparison(state)),
  ).state
}

test('one regressed metric is enough; then one that cannot be compared, then one that is undecided', () => {
  expect(stateOf('pass', 'improved')).toBe('held')
  expect(stateOf('pass', 'inconclusive')).toBe('inconclusive')
  expect(stateOf('error', 'inconclusive')).toBe('error')
  expect(stateOf('error', 'regressed', 'inconclusive')).toBe('regressed')
})

test('nothing compared is no pass', () => {
  expect(holdingOf(facts(), []).state).toBe('error')
})

test("guards of the answers' quality are told of only where they do not hold", () => {
  const guards: Comparison[] = [
    { ...comparison('pass', 'outputLength.mean'), guard: true },
    { ...comparison('regressed', 'emptyAnswers'), guard: true },
  ]
  const held = holdingOf(facts(), [comparison('pass', 'ttft.p99'), guards[0]!])
  expect(held.comparisons.map(({ metric }) => metric)).toEqual(['ttft.p99'])
  const broken = holdingOf(facts(), [comparison('pass', 'ttft.p99'), ...guards])
  expect(broken).toMatchObject({ state: 'regressed', comparisons: [{ metric: 'ttft.p99' }, { metric: 'emptyAnswers' }] })
  expect(broken.notes.at(-1)).toContain("3 metrics were compared at once (1 of them guard the answers' quality, and hold)")
})

function undecided(inconclusive: Inconclusive): Error | undefined {
  return breachOf(holdingOf(facts(inconclusive), [comparison('inconclusive')]))
}

test('an inconclusive holding fails only where that is asked for', () => {
  expect(undecided('fail')).toBeInstanceOf(Error)
  expect([undecided('warn'), undecided('pass')]).toEqual([undefined, undefined])
})

test('the error names every metric that fails or is undecided, and what the reader has to know', () => {
  const comparisons = [comparison('pass'), comparison('inconclusive', 'e2e.p50'), comparison('regressed', 'ttft.p99')]
  expect(breachOf(holdingOf(facts(), comparisons))!.message).toBe(
    [
      'chat against baseline of 2026-11-20, 10 runs: 1 of 3 metrics regressed, 1 of 3 metrics inconclusive',
      '  ✗ ttft.p99 is regressed',
      '  ? e2e.p50 is inconclusive',
      '  2 runs are degraded.',
      '  3 metrics were compared at once; claims of a change are corrected for that (Holm).',
    ].join('\n'),
  )
})

import { describe, expect, test } from 'vitest'
import { checkHold } from '../../../src/verdict/check-hold.ts'
import { compareSides } from '../../../src/verdict/compare-sides.ts'
import type { SidesTerms } from '../../../src/verdict/compare-sides.ts'
import type { RunSample } from '../../../src/verdict/run-sample.ts'
import { runsOf } from './samples.ts'

const FIGURES = { 'ttft.p50': 100, outputTokensPerSecond: 1000 }

function compare(old: RunSample[], now: RunSample[], asked: object = {}, within?: number) {
  const terms: SidesTerms = { hold: checkHold(asked, 'compare'), within }
  return compareSides({ name: 'old', runs: old }, { name: 'new', runs: now }, terms)
}

const states = (holdings: { comparisons: { metric: string; state: string }[] }[]) =>
  holdings.flatMap(({ comparisons }) => comparisons.map(({ metric, state }) => [metric, state]))

test('each bench is held against the one of the same file, test and name; the others are listed', () => {
  const other = { bench: { file: 'chat.bench.ts', test: 'other users', name: 'chat' } }
  const gone = { bench: { file: 'gone.bench.ts', test: 'users', name: 'chat' } }
  const { holdings, onlyReference, onlyMeasured, reference } = compare(
    [...runsOf(FIGURES, 4), ...runsOf(FIGURES, 4, gone)],
    [...runsOf({ ...FIGURES, 'ttft.p50': 140 }, 4), ...runsOf(FIGURES, 3, other)],
  )
  expect(holdings).toMatchObject([{ bench: 'chat', file: 'chat.bench.ts', test: 'users', state: 'regressed', against: 'old' }])
  expect(states(holdings)).toEqual([
    ['outputTokensPerSecond', 'pass'],
    ['ttft.p50', 'regressed'],
  ])
  expect([onlyReference, onlyMeasured]).toEqual([[gone.bench], [other.bench]])
  expect(reference).toEqual({ name: 'old', runs: 8, from: '2026-01-31T09:30:00.000Z', to: '2026-01-31T09:30:00.000Z' })
})

test('two runs of a side decide nothing', () => {
  const { holdings } = compare(runsOf(FIGURES, 2), runsOf({ ...FIGURES, 'ttft.p50': 200 }, 2))
  expect(holdings[0]!.state).toBe('inconclusive')
})

test('runs that are client-bound or cut short are left out, and that is said', () => {
  const bound = runsOf({ ...FIGURES, 'ttft.p50': 500 }, 2, { validity: 'client-bound' })
  const partial = runsOf({ ...FIGURES, 'ttft.p50': 500 }, 1, { partial: true })
  const { holdings } = compare(runsOf(FIGURES, 4), [...bound, ...runsOf(FIGURES, 4), ...partial])
  expect(holdings[0]).toMatchObject({ state: 'held' })
  expect(holdings[0]!.notes).toEqual(
    expect.arrayContaining(['1 run of new is left out: cut short.', '2 runs of new are left out: client-bound.']),
  )
  const invalid = compare(runsOf(FIGURES, 4), bound)
  expect(invalid.holdings).toMatchObject([{ state: 'invalid', comparisons: [] }])
  expect(invalid.holdings[0]!.notes).toContain('new has no run that could be compared.')
})

test('guards of the answers keep their own bounds, and alone make no comparison', () => {
  const told = { ...FIGURES, 'outputLength.mean': 100 }
  const longer = { ...told, 'outputLength.mean': 103 }
  expect(compare(runsOf(told, 4), runsOf(longer, 4), {}, 0.01).holdings).toMatchObject([{ state: 'held' }])
  const unasked = compare(runsOf(told, 4), runsOf(told, 4), { prefillTokensPerSecond: '5%' })
  expect(unasked).toMatchObject({ holdings: [], withoutMetric: [{ name: 'chat' }] })
})

test('degraded runs are judged and marked', () => {
  const { holdings } = compare(runsOf(FIGURES, 4), runsOf(FIGURES, 4, { validity: 'degraded', reasons: ['a stall'] }))
  expect(holdings[0]!.state).toBe('held')
  expect(holdings[0]!.notes).toContain('4 of 4 runs of new are degraded: a stall.')
})

describe('cohorts', () => {
  const h100 = { cohort: { workload: 'w', 'environment.gpu': 'H100' } }
  const h200 = { cohort: { workload: 'w', 'environment.gpu': 'H200' } }
  const upgraded = { cohort: { workload: 'w', 'environment.gpu': 'H200', 'engine.version': '2' } }

  test('others are not compared, and what differs is said', () => {
    const { holdings } = compare(runsOf(FIGURES, 4, h100), runsOf(FIGURES, 4, h200))
    expect(holdings).toMatchObject([
      { state: 'error', comparisons: [], differences: [{ axis: 'environment.gpu', reference: 'H100', measured: 'H200' }] },
    ])
    expect(holdings[0]!.notes).toContain('They are of different cohorts and are not compared: environment.gpu H100, now H200.')
  })

  test('those that differ on an allowed axis alone are compared', () => {
    const across = { across: ['engine.version'] }
    const { holdings } = compare([...runsOf(FIGURES, 4, h100), ...runsOf(FIGURES, 4, h200)], runsOf(FIGURES, 4, upgraded), across)
    expect(holdings).toMatchObject([{ state: 'held', differences: [{ axis: 'engine.version', measured: '2' }] }])
  })

  test('of several, each is compared with its like', () => {
    const slow = { ...FIGURES, 'ttft.p50': 140 }
    const { holdings } = compare(
      [...runsOf(FIGURES, 4, h100), ...runsOf(slow, 4, h200)],
      [...runsOf(slow, 4, h200), ...runsOf(slow, 4, h100)],
    )
    expect(holdings.map(({ state }) => state)).toEqual(['held', 'regressed'])
  })
})

test('a least change for all metrics holds where a metric names none', () => {
  const slower = runsOf({ ...FIGURES, 'ttft.p50': 112 }, 4)
  expect(compare(runsOf(FIGURES, 4), slower).holdings[0]!.state).not.toBe('held')
  expect(compare(runsOf(FIGURES, 4), slower, {}, 0.3).holdings[0]!.state).toBe('held')
  expect(states(compare(runsOf(FIGURES, 4), slower, { 'ttft.p50': '5%' }, 0.3).holdings)).toEqual([['ttft.p50', 'regressed']])
})

test('a bench that has none of the metrics asked for is listed, and not called broken', () => {
  const batch = { bench: { file: 'b.bench.ts', test: 'b', name: 'batch' } }
  const before = [...runsOf(FIGURES, 3), ...runsOf({ 'decodeTokensPerSecond[batch 8, in 1, out 1]': 5 }, 3, batch)]
  const { holdings, withoutMetric } = compare(before, before, { 'ttft.p50': '5%' })
  expect(holdings.map(({ bench }) => bench)).toEqual(['chat'])
  expect(withoutMetric).toEqual([batch.bench])
})

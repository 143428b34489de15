import { describe, expect, test } from 'vitest'
import { checkHold, clausesFor } from '../../../src/verdict/check-hold.ts'
import type { RunSample } from '../../../src/verdict/run-sample.ts'

function sample(figures: RunSample['figures']): RunSample {
  const bench = { file: 'a.bench.ts', test: 't', name: 'chat' }
  return { version: 1, bench, startedAt: '2026-01-01T00:00:00.000Z', cohort: {}, partial: false, figures }
}

const MATCHER = 'toHoldBaseline()'

test('metrics stand nested, dotted and bare, and carry their unit and direction', () => {
  const hold = checkHold({ outputTokensPerSecond: { within: '5%' }, ttft: { p99: '10%' }, 'tpot.p90': 0.2, successRate: 0.01 }, MATCHER)
  const run = sample({ outputTokensPerSecond: { value: 1 }, 'ttft.p99': { value: 1 }, 'tpot.p90': { value: 1 }, successRate: { value: 1 } })
  expect(clausesFor(hold, [run], [run])).toEqual([
    { metric: 'outputTokensPerSecond', unit: 'tok/s', direction: 'min', within: 0.05 },
    { metric: 'ttft.p99', unit: 'ms', direction: 'max', within: 0.1 },
    { metric: 'tpot.p90', unit: 'ms', direction: 'max', within: 0.2 },
    { metric: 'successRate', unit: '%', direction: 'min', within: 0.01 },
  ])
  expect(hold).toMatchObject({ across: [], inconclusive: 'warn', allowFewSamples: false })
})

test('clauses stand beside the metrics', () => {
  const asked = { 'ttft.p99': '10%', across: 'engine.version', inconclusive: 'fail', falseAlarm: '1%', miss: 0.2, allowFewSamples: true }
  const hold = checkHold(asked, MATCHER)
  expect(hold).toMatchObject({ across: ['engine.version'], inconclusive: 'fail', falseAlarm: 0.01, miss: 0.2 })
  const run = sample({ 'ttft.p99': { value: 1, fewSamples: { have: 3, need: 100 } } })
  expect(clausesFor(hold, [run], [run])).toEqual([expect.objectContaining({ metric: 'ttft.p99', allowFewSamples: true })])
})

test('no metric named means the default set, as far as the reference has it and the samples support it', () => {
  const before = sample({
    outputTokensPerSecond: { value: 1 },
    'ttft.p50': { value: 1 },
    'ttft.p99': { value: 1, fewSamples: { have: 3, need: 100 } },
    'tpot.p50': { value: 1 },
    'itl.p50': { value: 1 },
  })
  const now = sample({ outputTokensPerSecond: { value: 1 }, 'ttft.p50': { value: 1 }, 'ttft.p99': { value: 1 } })
  for (const asked of [undefined, {}, { inconclusive: 'pass' }]) {
    expect(clausesFor(checkHold(asked, MATCHER), [before], [now]).map(({ metric }) => metric)).toEqual([
      'outputTokensPerSecond',
      'ttft.p50',
      // What is not told any more is no better.
      'tpot.p50',
    ])
  }
})

test("the answers' quality is guarded beside what is asked for, where the reference knows it", () => {
  const told = sample({ 'ttft.p50': { value: 1 }, 'outputLength.mean': { value: 64 }, emptyAnswers: { value: 0, of: 10 } })
  const guarded = (asked: object): string[] => clausesFor(checkHold(asked, MATCHER), [told], [told]).map(({ metric }) => metric)
  expect(guarded({ 'ttft.p50': '5%' })).toEqual(['ttft.p50', 'outputLength.mean', 'emptyAnswers'])
  expect(guarded({ 'ttft.p50': '5%', quality: false })).toEqual(['ttft.p50'])
  const mute = sample({ 'outputLength.mean': { value: 64 } })
  expect(clausesFor(checkHold(undefined, MATCHER), [mute], [mute])).toEqual([])
  expect(() => checkHold({ quality: 'yes' }, MATCHER)).toThrow('`quality` is "yes": expected true or false')
})

describe('of a static batch', () => {
  const small = 'prefillTokensPerSecond[batch 4, in 16, out 1]'
  const large = 'prefillTokensPerSecond[batch 8, in 16, out 1]'
  const again = 'prefillTokensPerSecond[batch 8, in 16, out 1, run 2]'
  const run = sample({ [small]: { value: 1 }, [large]: { value: 1 }, [again]: { value: 1 }, agreement: { value: 1 } })
  const metricsOf = (asked: unknown): string[] => clausesFor(checkHold(asked, MATCHER), [run], [run]).map(({ metric }) => metric)

  test('a metric is compared for every case, or for those that are named', () => {
    expect(metricsOf({ prefillTokensPerSecond: '5%' })).toEqual([small, large, again])
    expect(metricsOf({ prefillTokensPerSecond: '5%', case: { batch: 8 } })).toEqual([large, again])
    expect(metricsOf({ case: { batch: 4 } })).toEqual([small, 'agreement'])
  })

  test('a case or a figure that no run has is still asked for, by name', () => {
    expect(metricsOf({ prefillTokensPerSecond: '5%', case: { batch: 9, outputLength: 1 } })).toEqual([
      'prefillTokensPerSecond[batch 9, out 1]',
    ])
    expect(metricsOf({ decodeTokensPerSecond: '5%' })).toEqual(['decodeTokensPerSecond'])
  })

  test('cases of a run of requests are refused', () => {
    const requests = sample({ 'ttft.p50': { value: 1 } })
    expect(() => clausesFor(checkHold({ case: { batch: 4 } }, MATCHER), [requests], [requests])).toThrow(/this is a run of requests/)
  })
})

describe('bad input names the place, the value and what is allowed', () => {
  const bad: [unknown, string][] = [
    ['5%', 'toHoldBaseline() got "5%": expected metrics'],
    [[], 'toHoldBaseline() got []: expected metrics'],
    [{ tttf: { p99: '5%' } }, 'has no metric `tttf`: did you mean `ttft`?'],
    [{ acros: ['x'] }, 'did you mean `across`?'],
    [{ 'ttft.p99': '<= 5%' }, "`ttft.p99` is '<= 5%': expected the least change that matters"],
    [{ 'ttft.p99': { within: '200ms' } }, "`ttft.p99.within` is '200ms': expected the least change"],
    [{ 'ttft.p99': { wihtin: '5%' } }, '`ttft.p99` has no `wihtin`: did you mean `within`?'],
    [{ 'ttft.p99': { max: '5%' } }, 'it takes { within }'],
    [{ 'ttft.p99': 0 }, 'more than 0%'],
    [{ 'ttft.p99': {} }, '`ttft.p99.within` is missing'],
    [{ 'ttft.p99': 5 }, "a number is a share of 1; write 0.05 or '5%'"],
    [{ across: [] }, "such as ['engine.version']"],
    [{ across: [3] }, '`across` is [3]'],
    [{ inconclusive: 'ignore' }, "`inconclusive` is \"ignore\": expected 'fail', 'warn' or 'pass'"],
    [{ falseAlarm: '60%' }, 'expected a chance below 50%'],
    [{ allowFewSamples: 1 }, 'expected true or false'],
    [{ case: { bach: 1 } }, 'did you mean `batch`?'],
  ]
  test.for(bad)('%j', ([asked, message]) => {
    expect(() => checkHold(asked, MATCHER)).toThrow(message)
  })
})

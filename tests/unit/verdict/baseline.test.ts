import { describe, expect, test } from 'vitest'
import { acceptRuns, baselineOf, baselineText, chooseBaseline, samplesOf, whyNoBaselineRun } from '../../../src/verdict/baseline.ts'
import type { Baseline } from '../../../src/verdict/baseline.ts'
import type { Cohort } from '../../../src/verdict/cohort.ts'
import type { RunSample } from '../../../src/verdict/run-sample.ts'

const BENCH = { file: 'a.bench.ts', test: 't', name: 'chat' }
const NONE = { across: [], ignore: [] }

function sample(day: number, cohort: Cohort = { model: 'Qwen' }): RunSample {
  const startedAt = `2026-11-${String(day).padStart(2, '0')}T00:00:00.000Z`
  return { version: 1, bench: BENCH, startedAt, cohort, partial: false, validity: 'valid', figures: { 'ttft.p50': { value: day } } }
}

function baseline(cohort: Cohort, ...days: [number, ...number[]]): Baseline {
  const [first, ...rest] = days
  return baselineOf([sample(first, cohort), ...rest.map((day) => sample(day, cohort))])
}

test('a baseline keeps of its runs what is compared, the oldest first, and gives them back as samples', () => {
  const kept = baseline({ model: 'Qwen' }, 9, 7, 8)
  expect(kept.runs.map(({ figures }) => figures['ttft.p50']!.value)).toEqual([7, 8, 9])
  expect(Object.keys(kept.runs[0]!)).toEqual(['startedAt', 'figures'])
  const { validity: _, ...without } = sample(7)
  expect(samplesOf(kept)[0]).toEqual(without)
  expect(baselineText(kept)).toBe('baseline of 2026-11-09, 3 runs')
})

test('only whole runs that nothing speaks against stand in one', () => {
  expect(whyNoBaselineRun({ partial: false, validity: 'valid' })).toBeUndefined()
  expect(whyNoBaselineRun({ partial: false })).toBeUndefined()
  expect(whyNoBaselineRun({ partial: true, validity: 'valid' })).toBe('cut short')
  expect(whyNoBaselineRun({ partial: false, validity: 'degraded' })).toBe('degraded')
  expect(whyNoBaselineRun({ partial: false, validity: 'client-bound' })).toBe('client-bound')
})

describe('the baseline that a run is held against', () => {
  const now = { 'engine.version': '2', 'engine.flags': 'a', model: 'Qwen' }
  const same = baseline(now, 3)
  const before = baseline({ ...now, 'engine.version': '1' }, 5)
  const longBefore = baseline({ ...now, 'engine.version': '0' }, 4)
  const foreign = baseline({ ...now, 'engine.version': '1', model: 'Llama' }, 9)

  test('is that of its own cohort', () => {
    expect(chooseBaseline([before, same, foreign], now, NONE)).toEqual({ kind: 'found', baseline: same, differences: [] })
  })

  test('is the newest that differs on the axes which are meant to, and on no other', () => {
    const choice = chooseBaseline([longBefore, same, before, foreign], now, { across: ['engine.version'], ignore: [] })
    expect(choice).toEqual({ kind: 'found', baseline: before, differences: [{ axis: 'engine.version', reference: '1', measured: '2' }] })
    expect(chooseBaseline([before], now, { across: ['engine'], ignore: [] })).toMatchObject({ kind: 'found' })
  })

  test('is that of its own cohort where none differs as is meant', () => {
    expect(chooseBaseline([same, foreign], now, { across: ['engine.version'], ignore: [] })).toMatchObject({ baseline: same })
  })

  test('is none where all are of other cohorts: then the nearest is named', () => {
    expect(chooseBaseline([foreign, before], now, NONE)).toEqual({
      kind: 'foreign',
      nearest: before,
      differences: [{ axis: 'engine.version', reference: '1', measured: '2' }],
    })
    expect(chooseBaseline([], now, NONE)).toEqual({ kind: 'none' })
  })

  test('is told apart by no axis that is ignored, were it written before that was so', () => {
    const written = baseline({ ...now, 'environment.cpu': 'EPYC' }, 1)
    expect(chooseBaseline([written], now, { across: [], ignore: ['cpu'] })).toMatchObject({ kind: 'found', differences: [] })
    expect(chooseBaseline([written], now, NONE)).toMatchObject({ kind: 'foreign' })
  })
})

describe('accepting runs', () => {
  test('adds those that are new and fit, and keeps the newest', () => {
    const before = baseline({ model: 'Qwen' }, 1, 2, 3)
    const runs = [sample(3), sample(4), { ...sample(5), validity: 'degraded' as const }, { ...sample(6), partial: true }, sample(7)]
    const { baseline: after, ...counts } = acceptRuns(before, runs, 4)
    expect(counts).toEqual({ taken: 2, known: 1, dropped: 1, unfit: ['degraded', 'cut short'] })
    expect(after!.runs.map(({ figures }) => figures['ttft.p50']!.value)).toEqual([2, 3, 4, 7])
  })

  test('makes a baseline where there is none', () => {
    expect(acceptRuns(undefined, [sample(1)], 10)).toMatchObject({ taken: 1, baseline: { version: 1, bench: BENCH, runs: [{}] } })
    expect(acceptRuns(undefined, [{ ...sample(1), partial: true }], 10)).toEqual({ taken: 0, known: 0, dropped: 0, unfit: ['cut short'] })
  })

  test('drops nothing where nothing is taken', () => {
    expect(acceptRuns(baseline({ model: 'Qwen' }, 1, 2, 3), [sample(3)], 2)).toMatchObject({ taken: 0, dropped: 0 })
  })
})

import { describe, expect, test } from 'vitest'
import { checkHold } from '../../../src/verdict/check-hold.ts'
import { headline, holdVersion, regressedFigures } from '../../../src/verdict/hold-version.ts'
import type { VersionTerms } from '../../../src/verdict/hold-version.ts'
import type { RunSample } from '../../../src/verdict/run-sample.ts'
import { runsOf } from './samples.ts'

const CHAT = { file: 'chat.bench.ts', test: 'users', name: 'chat' }
const OTHER = { ...CHAT, name: 'other' }
const FIGURES = { 'ttft.p50': 100, outputTokensPerSecond: 1000 }
const COHORT = { workload: 'w', target: 'openai', 'engine.version': '1' }
const terms: VersionTerms = { hold: checkHold(undefined, 'bisect'), repeats: { min: 3, max: 6 } }

const each = (all: RunSample[]): RunSample[][] => all.map((sample) => [sample])

/** Each sample is what one run of the suite left. */
const hold = (samples: RunSample[], over: Partial<VersionTerms> = {}, good = runsOf(FIGURES, 6)) => {
  return holdVersion({ version: 'v1', runs: each(good) }, { version: 'v2', runs: each(samples) }, { ...terms, ...over })
}

test('good where all figures hold, bad where one regressed', () => {
  expect(hold(runsOf(FIGURES, 3)).state).toBe('good')
  const verdict = hold(runsOf({ ...FIGURES, 'ttft.p50': 150 }, 3))
  expect(verdict.state).toBe('bad')
  expect(regressedFigures(verdict)).toEqual([{ bench: CHAT, metric: 'ttft.p50' }])
  expect(headline(verdict)).toMatchObject({ metric: 'ttft.p50', comparison: { against: 'v1', change: expect.closeTo(0.5) as number } })
})

test('open while the runs do not tell', () => {
  expect(hold(runsOf({ ...FIGURES, 'ttft.p50': 110 }, 3, {}, 0.05)).state).toBe('open')
})

test('open while all runs are client-bound: the next one may not be', () => {
  const bound = hold(runsOf(FIGURES, 3, { validity: 'client-bound' }))
  expect(bound.state).toBe('open')
  expect(bound.notes).toContain('3 runs of v2 are left out: client-bound.')
})

test('a look is taken after each suite run, however many of them could be used', () => {
  const runs = [...runsOf(FIGURES, 4), ...runsOf(FIGURES, 1, { partial: true }), ...runsOf(FIGURES, 1)]
  for (let count = 3; count <= runs.length; count++) expect(hold(runs.slice(0, count)).state).toBe('good')
})

describe('what is watched alone decides', () => {
  const watched = [{ bench: CHAT, metric: 'ttft.p50' }]

  test('a change of another figure or bench is none of the search', () => {
    const runs = runsOf({ ...FIGURES, outputTokensPerSecond: 500 }, 3)
    expect(hold(runs, { watched }).state).toBe('good')
    const other = runsOf({ ...FIGURES, 'ttft.p50': 300 }, 3, { bench: OTHER })
    const good = [...runsOf(FIGURES, 6), ...runsOf(FIGURES, 6, { bench: OTHER })]
    expect(hold([...runsOf(FIGURES, 3), ...other], { watched }, good).state).toBe('good')
  })

  test.for([
    ['a bench that is missing', runsOf(FIGURES, 3, { bench: OTHER })],
    ['a figure that is missing', runsOf({ outputTokensPerSecond: 1000 }, 3)],
  ] as const)('%s tells nothing', ([, runs]) => {
    const verdict = hold([...runs], { watched })
    expect(verdict.state).toBe('incomparable')
    expect(verdict.notes).toContain("ttft.p50 of chat can't be compared: a run of it has no such figure, or too few samples")
  })
})

describe('cohorts', () => {
  test('versions may differ in the axes of the engine', () => {
    const across = { hold: checkHold({ across: ['engine'] }, 'bisect') }
    expect(hold(runsOf(FIGURES, 3, { cohort: { ...COHORT, 'engine.version': '2', 'engine.flags': '-x' } }), across).state).toBe('good')
  })

  test('another load tells nothing', () => {
    const verdict = hold(runsOf(FIGURES, 3, { cohort: { ...COHORT, workload: 'x' } }))
    expect(verdict.state).toBe('incomparable')
    expect(verdict.notes[0]).toContain('workload w, now x')
  })
})

test('a suite that left nothing tells nothing', () => {
  expect(hold([])).toMatchObject({ state: 'incomparable', notes: ['its suite measured nothing'] })
})

test('a search may be about what guards the answers: where that holds it is seen to', () => {
  const told = { ...FIGURES, 'outputLength.mean': 64 }
  const shorter = hold(runsOf({ ...told, 'outputLength.mean': 16 }, 3), {}, runsOf(told, 6))
  expect(shorter.state).toBe('bad')
  expect(headline(shorter)).toMatchObject({ metric: 'outputLength.mean', comparison: { change: expect.closeTo(-0.75) as number } })
  const watched = regressedFigures(shorter)
  expect(watched).toEqual([{ bench: CHAT, metric: 'outputLength.mean' }])
  const good = hold(runsOf({ ...told, 'ttft.p50': 300 }, 3), { watched }, runsOf(told, 6))
  expect(good).toMatchObject({ state: 'good', figures: [{ metric: 'outputLength.mean' }], notes: [] })
})

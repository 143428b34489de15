import { expect, test } from 'vitest'
import { compareRuns } from '../../../src/verdict/compare.ts'
import type { Clause } from '../../../src/verdict/clause.ts'
import type { Comparison } from '../../../src/verdict/comparison.ts'
import type { RunSample } from '../../../src/verdict/run-sample.ts'
import { runsWith, runWith } from './statistics/samples.ts'

const ABOUT = { bench: 'chat', attempt: 0, against: 'v1' }
const TTFT: Clause = { metric: 'ttft.p99', unit: 'ms', direction: 'max', within: 0.05 }
const RATE: Clause = { metric: 'outputTokensPerSecond', unit: 'tok/s', direction: 'min', within: 0.05 }

function compare(reference: RunSample[], measured: RunSample[], clause: Clause): Comparison {
  return compareRuns(reference, measured, [clause], { looks: [[reference.length, measured.length]] }, ABOUT)[0]!
}

test('passes runs that differ by less than matters, and tells the change with its interval', () => {
  const comparison = compare(runsWith('ttft.p99', 99, 100, 101), runsWith('ttft.p99', 100, 101, 102), TTFT)
  expect(comparison).toMatchObject({ ...ABOUT, metric: 'ttft.p99', state: 'pass', reference: { runs: 3, values: [99, 100, 101] } })
  expect(comparison.change).toBeCloseTo(0.01, 4)
  expect(comparison.interval![0]).toBeLessThan(comparison.change!)
  expect(comparison.interval![1]).toBeGreaterThan(comparison.change!)
  expect(comparison.interval![1]).toBeLessThan(0.05)
})

test('calls a latency that rose, and a rate that fell, regressed', () => {
  expect(compare(runsWith('ttft.p99', 99, 100, 101), runsWith('ttft.p99', 119, 120, 121), TTFT).state).toBe('regressed')
  const slower = compare(runsWith(RATE.metric, 990, 1000, 1010), runsWith(RATE.metric, 790, 800, 810), RATE)
  expect(slower.state).toBe('regressed')
  expect(slower.interval![1]).toBeLessThan(-0.05)
})

test('calls the opposite improved', () => {
  expect(compare(runsWith('ttft.p99', 99, 100, 101), runsWith('ttft.p99', 79, 80, 81), TTFT).state).toBe('improved')
  expect(compare(runsWith(RATE.metric, 990, 1000, 1010), runsWith(RATE.metric, 1190, 1200, 1210), RATE).state).toBe('improved')
})

test('is inconclusive where the interval holds the least change that matters', () => {
  expect(compare(runsWith('ttft.p99', 80, 100, 120), runsWith('ttft.p99', 85, 105, 125), TTFT).state).toBe('inconclusive')
})

test('says nothing for certain with fewer than three runs a side, and how many would do', () => {
  const two = compare(runsWith('ttft.p99', 99, 101, 100), runsWith('ttft.p99', 200, 201), TTFT)
  expect(two).toMatchObject({ state: 'inconclusive', runsToSettle: 3 })
  expect(two.interval![0]).toBeGreaterThan(0.9)
  const one = compare(runsWith('ttft.p99', 100), runsWith('ttft.p99', 100), TTFT)
  expect(one).toMatchObject({ state: 'inconclusive', change: 0, runsToSettle: 3 })
  expect(one).not.toHaveProperty('interval')
  expect(one.message).toContain('have at least 3 a side')
})

test('shows for single runs what their requests tell, and decides nothing by it', () => {
  const comparison = compare(
    runsWith('ttft.p99', { value: 100, standardError: 0.1 }),
    runsWith('ttft.p99', { value: 200, standardError: 0.1 }),
    TTFT,
  )
  expect(comparison.state).toBe('inconclusive')
  expect(comparison.interval![0]).toBeGreaterThan(0.99)
  expect(comparison.interval![1]).toBeLessThan(1.01)
})

test('a reference of too few runs can not be made up for', () => {
  const comparison = compareRuns(
    runsWith('ttft.p99', 100, 101),
    runsWith('ttft.p99', 100, 101, 102),
    [TTFT],
    {
      looks: [
        [2, 3],
        [2, 4],
      ],
    },
    ABOUT,
  )[0]!
  expect(comparison.state).toBe('inconclusive')
  expect(comparison).not.toHaveProperty('runsToSettle')
  expect(comparison.message).toContain('v1 has 2 runs')
})

test('is an error where a side has no such figure, or its sample is too small for it', () => {
  const runs = runsWith('ttft.p99', 99, 100, 101)
  expect(compare(runs, runsWith('ttft.p95', 99, 100, 101), TTFT)).toMatchObject({
    state: 'error',
    message: 'ttft.p99 was not measured here.',
  })
  expect(compare(runsWith('ttft.p95', 1, 2, 3), runs, TTFT).message).toBe('ttft.p99 was not measured in v1.')
  const few = runsWith('ttft.p99', { value: 100, fewSamples: { have: 50, need: 662 } }, 101, 99)
  expect(compare(runs, few, TTFT).state).toBe('error')
  expect(compare(runs, few, { ...TTFT, allowFewSamples: true }).state).toBe('pass')
})

test('tells how many runs would settle it: those that would, were they like these', () => {
  const [reference, measured] = [runsWith('ttft.p99', ...around(100, 10)), runsWith('ttft.p99', ...around(102, 4))]
  const comparison = compareRuns(reference, measured, [TTFT], { looks: [4, 10].map((n) => [10, n] as const), miss: 0.01 }, ABOUT)[0]!
  expect(comparison.state).toBe('inconclusive')
  const runs = comparison.runsToSettle!
  expect(comparison.message).toContain(`About ${runs} runs would settle it`)
  expect(compareAt(0.01, reference, runsWith('ttft.p99', ...around(102, 5))).state).toBe('inconclusive')
  expect(compareAt(0.01, reference, runsWith('ttft.p99', ...around(102, runs))).state).toBe('pass')
})

test('asks for a larger baseline where its runs limit it, and for nothing where the change is as large as what is allowed', () => {
  const looks = [3, 10].map((n) => [3, n] as const)
  const [small] = compareRuns(runsWith('ttft.p99', 96, 100, 104), runsWith('ttft.p99', 97, 101, 105), [TTFT], { looks, miss: 0.01 }, ABOUT)
  expect(small).not.toHaveProperty('runsToSettle')
  expect(small!.message).toContain('v1 needs more of its own')
  const [near] = compareRuns(runsWith('ttft.p99', 96, 100, 104), runsWith('ttft.p99', 101, 105, 109), [TTFT], { looks }, ABOUT)
  expect(near).not.toHaveProperty('runsToSettle')
  expect(near!.message).toContain('No reasonable number of runs')
})

test('many metrics at once need more than one alone to be called changed, and the surest ones first', () => {
  const metrics = ['a', 'b', 'c', 'd', 'e', 'f']
  const clauses = metrics.map((metric): Clause => ({ ...TTFT, metric }))
  const side = (first: number, rest: number): RunSample[] =>
    around(1, 4, 0.02).map((by) => runWith(Object.fromEntries(metrics.map((metric, i) => [metric, (i === 0 ? first : rest) * by]))))
  const plan = { looks: [[4, 4]] as const }
  const alone = compareRuns(side(100, 100), side(107, 100), clauses.slice(0, 1), plan, ABOUT)
  const among = compareRuns(side(100, 100), side(107, 100), clauses, plan, ABOUT)
  expect(alone[0]!.state).toBe('regressed')
  expect(among.map(({ state }) => state)).toEqual(['inconclusive', 'pass', 'pass', 'pass', 'pass', 'pass'])
  expect(among[0]!.interval).toEqual(alone[0]!.interval)
})

test('shares are compared by their difference, and that all of a thousand succeeded every time is no proof that all will', () => {
  const RATE_OF: Clause = { metric: 'successRate', unit: '%', direction: 'min', within: 0.01 }
  const full = compare(rates(1000, 1, 1, 1), rates(1000, 1, 1, 1), RATE_OF)
  expect(full).toMatchObject({ state: 'pass', change: 0 })
  expect(full.interval![0]).toBeLessThan(-0.0003)
  expect(compare(rates(20, 1, 1, 1), rates(20, 1, 1, 1), RATE_OF).state).toBe('inconclusive')
  expect(compare(rates(1000, 1, 1, 1), rates(1000, 0.95, 0.96, 0.94), RATE_OF)).toMatchObject({ state: 'regressed' })
  expect(compare(rates(1000, 1), rates(1000, 1), RATE_OF)).toHaveProperty('interval')
})

test('runs that agree to the last digit have no interval to speak of, and are judged all the same', () => {
  const same = runsWith('ttft.p99', 100, 100, 100)
  expect(compare(same, same, TTFT)).toMatchObject({ state: 'pass', change: 0, interval: [0, 0] })
  expect(compare(same, runsWith('ttft.p99', 150, 150, 150), TTFT).state).toBe('regressed')
})

test('a figure of 0 has no relative change, and one that is no number counts as absent', () => {
  const runs = runsWith('ttft.p99', 99, 100, 101)
  expect(compare(runs, runsWith('ttft.p99', 99, 0, 101), TTFT)).toMatchObject({ state: 'error' })
  expect(compare(runs, runsWith('ttft.p99', 99, 0, 101), TTFT).message).toContain('is 0 in one of the runs')
  expect(compare(runs, runsWith('ttft.p99', 99, 100, 101, Number.NaN), TTFT).measured).toMatchObject({ runs: 3 })
  expect(compare(runs, runsWith('ttft.p99', Number.NaN), TTFT).state).toBe('error')
})

test('a figure that may not move at all regresses either way', () => {
  const length: Clause = { metric: 'outputLength.mean', unit: '', direction: 'either', within: 0.05 }
  const before = runsWith(length.metric, 99, 100, 101)
  expect(compare(before, runsWith(length.metric, 79, 80, 81), length)).toMatchObject({ state: 'regressed' })
  expect(compare(before, runsWith(length.metric, 79, 80, 81), length).change).toBeCloseTo(-0.2, 2)
  expect(compare(before, runsWith(length.metric, 119, 120, 121), length)).toMatchObject({ state: 'regressed' })
  expect(compare(before, runsWith(length.metric, 98.9, 100.1, 101), length).state).toBe('pass')
})

test('a guard passes by a small change, however uncertain, and fails by what is shown', () => {
  const aim: Clause = { metric: 'emptyAnswers', unit: '%', direction: 'max', within: 0.01 }
  const guard: Clause = { ...aim, guard: true }
  expect(compare(empties(0, 0, 0), empties(0, 0, 0), aim).state).toBe('inconclusive')
  expect(compare(empties(0, 0, 0), empties(0, 0, 0), guard)).toMatchObject({ state: 'pass', guard: true })
  expect(compare(empties(0, 0, 0), empties(0.5, 0.45, 0.5), guard).state).toBe('regressed')
  // Of single runs it says nothing, until there is something to say.
  expect(compare(empties(0), empties(0), guard).state).toBe('pass')
  expect(compare(empties(0), empties(0.5), guard).state).toBe('inconclusive')
})

function empties(...values: number[]): RunSample[] {
  return runsWith('emptyAnswers', ...values.map((value) => ({ value, of: 20 })))
}

function rates(of: number, ...values: number[]): RunSample[] {
  return runsWith('successRate', ...values.map((value) => ({ value, of })))
}

/** Figures whose logarithms lie evenly around a middle, whatever their number. */
function around(middle: number, count: number, spread = 0.05): number[] {
  return Array.from({ length: count }, (_, i) => middle * Math.exp(spread * ((2 * (i + 0.5)) / count - 1)))
}

function compareAt(miss: number, reference: RunSample[], measured: RunSample[]): Comparison {
  return compareRuns(reference, measured, [TTFT], { looks: [[reference.length, measured.length]], miss }, ABOUT)[0]!
}

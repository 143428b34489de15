import { describe, expect, test } from 'vitest'
import { checkSLO, judgeRuns, type SLO } from '../../../src/verdict/slo.ts'
import type { Verdict } from '../../../src/verdict/verdict.ts'
import { subjectOf } from './subjects.ts'

/** Runs whose only request has its first token after so many ms; of one without, the answer was not streamed. */
function judgeAll(slo: SLO, ...ttfts: (number | undefined)[]): Verdict[] {
  const runs = ttfts.map((ttft) => subjectOf([ttft === undefined ? { sent: 0, last: 500 } : { sent: 0, first: ttft, last: 500 }]))
  return judgeRuns(checkSLO(slo), runs)
}

describe('an SLO of a bench that was run several times', () => {
  test('is held against the run of the median figure, of each threshold its own', () => {
    const [atMost, atLeast] = judgeAll({ 'ttft.p50': { min: 20, max: 25 } }, 10, 30, 20)
    expect(atMost).toMatchObject({ state: 'pass', measured: 20, median: { runs: 3, repeat: 2 } })
    expect(atLeast).toMatchObject({ state: 'pass', measured: 20, median: { runs: 3, repeat: 2 } })
  })

  test('is held against the worse of two in the middle', () => {
    expect(judgeAll({ 'ttft.p50': '<= 25ms' }, 10, 30, 20, 40)[0]).toMatchObject({ state: 'fail', measured: 30 })
    expect(judgeAll({ 'ttft.p50': '>= 25ms' }, 10, 30, 20, 40)[0]).toMatchObject({ state: 'fail', measured: 20 })
  })

  test('says so', () => {
    expect(judgeAll({ 'ttft.p50': '<= 15ms' }, 10, 30, 20)[0]!.message).toBe(
      'ttft.p50 <= 15ms: measured 20 ms (median of 3 runs), limit 15 ms, margin −33.3%; worst requests: #0 20 ms (prompt 0)',
    )
  })

  test('ranks a run that lacks the figure as the worst', () => {
    expect(judgeAll({ 'ttft.p50': '<= 25ms' }, 10, undefined, 20)[0]).toMatchObject({ state: 'pass', measured: 20 })
    expect(judgeAll({ 'ttft.p50': '<= 25ms' }, 10, undefined, undefined)[0]).toMatchObject({
      state: 'error',
      message: expect.stringMatching(/^ttft.p50 <= 25ms can't be judged: .* \(so in 2 of 3 runs\)$/) as string,
    })
  })

  test('of a single run has no median', () => {
    expect(judgeAll({ 'ttft.p50': '<= 25ms' }, 10)[0]).not.toHaveProperty('median')
  })
})

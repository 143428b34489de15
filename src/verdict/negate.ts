import type { Verdict } from './verdict.ts'

/**
 * Turns verdicts round for `.not`, which expects at least one threshold to be broken: where one is, every verdict but the
 * errors is a pass; where none is, every one is a failure. What can't be judged stays an error.
 */
export function negate(verdicts: readonly Verdict[]): Verdict[] {
  const broken = verdicts.some(({ state }) => state === 'fail')
  return verdicts.map((verdict) => {
    const threshold = `not ${verdict.threshold}`
    if (verdict.state === 'error') return { ...verdict, threshold, negated: true, message: `not ${verdict.message}` }
    const remark = broken ? 'expected at least one threshold to be broken, and one is' : 'expected at least one threshold to be broken'
    return { ...verdict, threshold, negated: true, state: broken ? 'pass' : 'fail', message: `not ${verdict.message}; ${remark}` }
  })
}

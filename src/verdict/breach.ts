import type { Verdict } from './verdict.ts'

/**
 * The text of an assertion that did not pass: every broken threshold, then every one that can't be judged, each with
 * measured value, limit, margin and worst requests.
 */
export function formatBreaches(bench: string, verdicts: readonly Verdict[]): string {
  const failed = verdicts.filter(({ state }) => state === 'fail')
  const errors = verdicts.filter(({ state }) => state === 'error')
  const negated = failed.some((verdict) => verdict.negated)
  const counts = [
    ...(failed.length > 0 && negated ? ['no threshold broken, though `.not` expects one to be'] : []),
    ...(failed.length > 0 && !negated ? [`${failed.length} of ${thresholds(verdicts.length)} broken`] : []),
    ...(errors.length > 0 ? [`${errors.length} of ${thresholds(verdicts.length)} can't be judged`] : []),
  ]
  if (counts.length === 0) return `${bench}: ${thresholds(verdicts.length)} met`
  return [`${bench}: ${counts.join(', ')}`, ...failed.map(line('✗')), ...errors.map(line('!'))].join('\n')
}

function thresholds(count: number): string {
  return `${count} threshold${count === 1 ? '' : 's'}`
}

function line(mark: string): (verdict: Verdict) => string {
  return ({ message }) => `  ${mark} ${message}`
}

import { counted } from '../counted.ts'
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
    ...(failed.length > 0 && !negated ? [`${failed.length} of ${counted(verdicts.length, 'threshold')} broken`] : []),
    ...(errors.length > 0 ? [`${errors.length} of ${counted(verdicts.length, 'threshold')} can't be judged`] : []),
  ]
  if (counts.length === 0) return `${bench}: ${counted(verdicts.length, 'threshold')} met`
  return [`${bench}: ${counts.join(', ')}`, ...failed.map(line('✗')), ...errors.map(line('!'))].join('\n')
}

function line(mark: string): (verdict: Verdict) => string {
  return ({ message }) => `  ${mark} ${message}`
}

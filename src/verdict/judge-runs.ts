import type { ParsedSLO } from './check-slo.ts'
import { verdictMessage } from './format.ts'
import { judge } from './judge.ts'
import { medianIndex } from './standing-run.ts'
import type { Subject } from './subject.ts'
import type { Verdict } from './verdict.ts'

/**
 * Holds an SLO against all runs of a bench: each threshold against every run, and the run that has the median figure stands for
 * all, of an even number the worse of the two in the middle. What can't be judged ranks as the worst.
 */
export function judgeRuns(slo: ParsedSLO, runs: readonly Subject[]): Verdict[] {
  const [first = [], ...others] = runs.map((subject) => judge(slo, subject))
  if (others.length === 0) return first
  return first.map((verdict, threshold) => median([verdict, ...others.map((verdicts) => verdicts[threshold]!)]))
}

function median(verdicts: readonly Verdict[]): Verdict {
  const repeat = medianIndex(verdicts, (a, b) => badness(b) - badness(a))
  const verdict = { ...verdicts[repeat]!, median: { runs: verdicts.length, repeat } }
  if (verdict.state !== 'error') return { ...verdict, message: verdictMessage(verdict) }
  const errors = verdicts.filter(({ state }) => state === 'error').length
  return { ...verdict, message: `${verdict.message} (so in ${errors} of ${verdicts.length} runs)` }
}

function badness({ measured, direction }: Verdict): number {
  if (measured === undefined) return Number.MAX_VALUE
  return direction === 'max' ? measured : -measured
}

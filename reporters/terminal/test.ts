import type { RunReport } from '../../src/files/run-report.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { renderRun } from './run.ts'
import type { Style } from './style.ts'
import { renderVerdicts } from './verdicts.ts'

/** All runs of a test, every attempt's, each with the verdicts on it; verdicts on no known run come last. */
export function renderTest(runs: readonly RunReport[], verdicts: readonly Verdict[], style: Style): string[] {
  // A bench run twice in one attempt: its verdicts, which don't say on which run, stand below the last.
  const runOf = (verdict: Verdict): RunReport | undefined =>
    runs.findLast((run) => run.bench === verdict.bench && run.attempt === verdict.attempt)
  const homeless = verdicts.filter((verdict) => runOf(verdict) === undefined)
  return [
    ...runs.flatMap((run) => [
      ...renderRun(
        run,
        verdicts.filter((verdict) => runOf(verdict) === run),
        style,
      ),
      '',
    ]),
    ...(homeless.length === 0 ? [] : [...renderVerdicts(homeless, style), '']),
  ]
}

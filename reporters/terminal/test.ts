import type { LlmBenchMeta, RunReport } from '../../src/files/run-report.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { benchRuns, isSameBench } from '../bench-runs.ts'
import type { BenchRuns } from '../bench-runs.ts'
import { renderHoldings } from './holdings.ts'
import { renderRun } from './run.ts'
import type { Style } from './style.ts'
import { renderVerdicts } from './verdicts.ts'

/** All benches of a test, every attempt's, each with the verdicts on it; verdicts on no known bench and comparisons come last. */
export function renderTest(
  runs: readonly RunReport[],
  { verdicts, holdings }: Readonly<Pick<LlmBenchMeta, 'verdicts' | 'holdings'>>,
  style: Style,
): string[] {
  const benches = benchRuns(runs)
  // A bench run twice in one attempt: its verdicts, which don't say on which run, stand below the last.
  const benchOf = (verdict: Verdict): BenchRuns | undefined => benches.findLast(({ standing }) => isSameBench(standing, verdict))
  const homeless = verdicts.filter((verdict) => benchOf(verdict) === undefined)
  return [
    ...benches.flatMap((bench) => [
      ...renderRun(
        bench.standing,
        verdicts.filter((verdict) => benchOf(verdict) === bench),
        style,
        bench,
      ),
      '',
    ]),
    ...(homeless.length === 0 ? [] : [...renderVerdicts(homeless, style), '']),
    ...renderHoldings(holdings, style),
  ]
}

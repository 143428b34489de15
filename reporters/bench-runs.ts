import type { RunReport } from '../src/files/run-report.ts'
import { standingRun } from '../src/verdict/standing-run.ts'
import type { Verdict } from '../src/verdict/verdict.ts'

/** The runs that repeat each other; of a bench that is run once, the one. */
export interface BenchRuns {
  readonly runs: readonly RunReport[]
  /** The run whose figures stand for all: of those that were not cut short, the one of median throughput. */
  readonly standing: RunReport
}

/** The runs of a test by the benches that repeated them, in the order of their first runs. */
export function benchRuns(runs: readonly RunReport[]): BenchRuns[] {
  const groups: RunReport[][] = []
  for (const run of runs) {
    // A bench that is run anew begins with its first repeat again.
    const begun = (run.repeat?.index ?? 0) === 0 ? undefined : groups.findLast(([first]) => isSameBench(first!, run))
    if (begun === undefined) groups.push([run])
    else begun.push(run)
  }
  return groups.map((group) => ({ runs: group, standing: standingOf(group) }))
}

/** The run that a verdict is about: where it is the median of several, the one that has the median figure. */
export function judgedRun(runs: readonly RunReport[], verdict: Verdict): RunReport | undefined {
  const group = benchRuns(runs).findLast(({ standing }) => isSameBench(standing, verdict))
  return verdict.median === undefined ? group?.standing : group?.runs[verdict.median.repeat]
}

/** Whether a bench was cut short in or between its runs. */
export function isUnfinished({ runs, standing }: BenchRuns): boolean {
  return runs.some(({ partial }) => partial) || (standing.repeat !== undefined && runs.length < standing.workload.repeats.min)
}

/** Whether both are of one bench, in one attempt of the test. */
export function isSameBench(a: Pick<RunReport, 'bench' | 'attempt'>, b: Pick<RunReport, 'bench' | 'attempt'>): boolean {
  return a.bench === b.bench && a.attempt === b.attempt
}

function standingOf(runs: readonly RunReport[]): RunReport {
  const whole = runs.filter(({ partial }) => !partial)
  const candidates = whole.length > 0 ? whole : runs
  return candidates[standingRun(candidates.map(({ metrics }) => metrics))]!
}

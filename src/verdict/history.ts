import type { Baseline } from './baseline.ts'
import { samplesOf, whyNoBaselineRun } from './baseline.ts'
import type { CheckedHold } from './check-hold.ts'
import { clausesFor } from './check-hold.ts'
import type { Clause } from './clause.ts'
import type { Cohort } from './cohort.ts'
import { cohortDigest, differences } from './cohort.ts'
import type { BenchName, RunSample } from './run-sample.ts'
import { isSameBench } from './run-sample.ts'

/** How a bench fared in one cohort: the runs of its baseline, and others that were measured. JSON-safe. */
export interface BenchHistory {
  bench: BenchName
  cohort: Cohort
  /** Of the cohort, as in the name of the baseline's file. */
  digest: string
  metrics: Pick<Clause, 'metric' | 'unit' | 'direction'>[]
  /** The oldest first. */
  runs: HistoryRun[]
}

/** One run of a history. */
export interface HistoryRun {
  startedAt: string
  /** Whether it is one of the baseline. */
  accepted: boolean
  /** Why it can't be one; absent where it can. */
  unfit?: string
  /** Of the metrics that it has. */
  figures: Record<string, number>
}

/**
 * The history of a baseline.
 * @param samples runs that were measured; those of other benches and cohorts, and those that the baseline has, are passed over
 * @param hold which metrics
 */
export function historyOf(baseline: Baseline, samples: readonly RunSample[], hold: CheckedHold): BenchHistory {
  const { bench, cohort } = baseline
  const accepted = samplesOf(baseline)
  const clauses = clausesFor(hold, accepted, [])
  const known = new Set(accepted.map(({ startedAt }) => startedAt))
  const others = samples.filter(
    (sample) => isSameBench(sample.bench, bench) && !known.has(sample.startedAt) && differences(cohort, sample.cohort).length === 0,
  )
  const runOf = (sample: RunSample, isAccepted: boolean): HistoryRun => {
    const unfit = whyNoBaselineRun(sample)
    const figures = clauses.flatMap(({ metric }) => {
      const value = sample.figures[metric]?.value
      return value === undefined ? [] : [[metric, value] as const]
    })
    return {
      startedAt: sample.startedAt,
      accepted: isAccepted,
      ...(unfit === undefined ? {} : { unfit }),
      figures: Object.fromEntries(figures),
    }
  }
  return {
    bench,
    cohort,
    digest: cohortDigest(cohort),
    metrics: clauses.map(({ metric, unit, direction }) => ({ metric, unit, direction })),
    runs: [...accepted.map((sample) => runOf(sample, true)), ...others.map((sample) => runOf(sample, false))].toSorted((a, b) =>
      a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0,
    ),
  }
}

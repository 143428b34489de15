import { present } from '../metrics/present.ts'
import type { AxisDifference, Cohort } from './cohort.ts'
import { differences, isAxisOf, withoutAxes } from './cohort.ts'
import { SAMPLE_VERSION } from './run-sample.ts'
import type { BenchName, RunSample } from './run-sample.ts'

/** Version of {@link Baseline} and its file. */
export const BASELINE_VERSION = 1

/** Runs of one bench in one cohort that later runs are held against. JSON-safe. */
export interface Baseline {
  version: typeof BASELINE_VERSION
  bench: BenchName
  cohort: Cohort
  /** The oldest first. */
  runs: BaselineRun[]
}

/** A run in a baseline: whole, undisturbed, and of the baseline's bench and cohort. */
type BaselineRun = Pick<RunSample, 'startedAt' | 'figures' | 'distributions'>

/**
 * A baseline of runs of one bench and cohort.
 * @param runs none of them partial, degraded or client-bound
 */
export function baselineOf(runs: readonly [RunSample, ...RunSample[]]): Baseline {
  const { bench, cohort } = runs[0]
  return {
    version: BASELINE_VERSION,
    bench,
    cohort,
    runs: runs
      .map(({ startedAt, figures, distributions }) => ({ startedAt, figures, ...present({ distributions }) }))
      .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0)),
  }
}

/** A baseline's runs as they were measured. */
export function samplesOf({ bench, cohort, runs }: Baseline): RunSample[] {
  return runs.map((run) => ({ version: SAMPLE_VERSION, bench, cohort, partial: false, ...run }))
}

/** What came of accepting runs into a rolling baseline. */
export interface Acceptance {
  /** Absent where there was none, and no run could be accepted. */
  readonly baseline?: Baseline
  readonly taken: number
  /** Runs that the baseline had already. */
  readonly known: number
  /** Of the oldest, to make room. */
  readonly dropped: number
  /** Why runs were left out, one for each. */
  readonly unfit: readonly string[]
}

/**
 * Adds runs to a rolling baseline, which keeps the newest of them.
 * @param before left out, there is none yet
 * @param runs of the baseline's bench and cohort
 */
export function acceptRuns(before: Baseline | undefined, runs: readonly RunSample[], keep: number): Acceptance {
  const kept = before === undefined ? [] : samplesOf(before)
  const had = new Set(kept.map(({ startedAt }) => startedAt))
  const unfit = runs.map(whyNoBaselineRun).filter((why) => why !== undefined)
  const fit = runs.filter((run) => whyNoBaselineRun(run) === undefined)
  const taken = fit.filter(({ startedAt }) => !had.has(startedAt))
  const counts = { taken: taken.length, known: fit.length - taken.length, unfit }
  const [first, ...rest] = [...kept, ...taken]
  if (first === undefined) return { ...counts, dropped: 0 }
  const all = baselineOf([first, ...rest])
  const dropped = taken.length === 0 ? 0 : Math.max(0, all.runs.length - keep)
  return { ...counts, dropped, baseline: { ...all, runs: all.runs.slice(dropped) } }
}

/** Why a run can't stand in a baseline; undefined where it can. */
export function whyNoBaselineRun({ partial, validity }: Pick<RunSample, 'partial' | 'validity'>): string | undefined {
  if (partial) return 'cut short'
  return validity === undefined || validity === 'valid' ? undefined : validity
}

/** `baseline of 2026-11-20, 10 runs`: the day of its newest run. */
export function baselineText(baseline: Baseline): string {
  const { length } = baseline.runs
  return `baseline of ${newestRun(baseline).slice(0, 10)}, ${length} run${length === 1 ? '' : 's'}`
}

/** The baseline that a run is held against, or why there is none. */
export type BaselineChoice =
  | { readonly kind: 'found'; readonly baseline: Baseline; readonly differences: AxisDifference[] }
  | { readonly kind: 'none' }
  /** There are baselines of other cohorts alone; these are the axes on which the nearest differs. */
  | { readonly kind: 'foreign'; readonly nearest: Baseline; readonly differences: AxisDifference[] }

/**
 * Picks the baseline of a run's cohort; with `across`, the newest that differs from it on axes of those names only, if there is one.
 * @param baselines of the run's bench
 * @param ignore axes that no cohort is told apart by
 */
export function chooseBaseline(
  baselines: readonly Baseline[],
  cohort: Cohort,
  { across, ignore }: { readonly across: readonly string[]; readonly ignore: readonly string[] },
): BaselineChoice {
  const own = withoutAxes(cohort, ignore)
  const candidates = baselines
    .map((baseline) => ({ baseline, differences: differences(withoutAxes(baseline.cohort, ignore), own) }))
    .toSorted((a, b) => (newestRun(a.baseline) < newestRun(b.baseline) ? 1 : -1))
  const meant = candidates.find(
    (candidate) => candidate.differences.length > 0 && candidate.differences.every(({ axis }) => isAxisOf(axis, across)),
  )
  const found = meant ?? candidates.find((candidate) => candidate.differences.length === 0)
  if (found !== undefined) return { kind: 'found', ...found }
  const [nearest] = candidates.toSorted((a, b) => a.differences.length - b.differences.length)
  return nearest === undefined ? { kind: 'none' } : { kind: 'foreign', nearest: nearest.baseline, differences: nearest.differences }
}

function newestRun({ runs }: Baseline): string {
  return runs.reduce((newest, { startedAt }) => (startedAt > newest ? startedAt : newest), '')
}

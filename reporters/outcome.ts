import type { ErrorCode } from '../src/errors.ts'
import type { RunReport } from '../src/files/run-report.ts'
import type { Comparison } from '../src/verdict/comparison.ts'
import type { Holding } from '../src/verdict/holding.ts'
import type { Verdict } from '../src/verdict/verdict.ts'
import type { ErrorModel, RunModel, TestModel } from './model.ts'

/** How grave what came of something is, the gravest first. */
export const GRAVITIES = ['bad', 'doubtful', 'better', 'fine'] as const
export type Gravity = (typeof GRAVITIES)[number]

/** All that was judged of one bench of one test, as its last attempt has it. */
export interface BenchOutcome {
  readonly test: TestModel
  readonly bench: string
  /** Runs of the last attempt, in order. */
  readonly runs: readonly RunReport[]
  readonly holdings: readonly Holding[]
  readonly verdicts: readonly Verdict[]
  readonly gravity: Gravity
}

/** Whether a run's figures are worth anything. */
export type RunState = 'valid' | 'degraded' | 'client-bound' | 'partial'

export function runStateOf({ partial, metrics }: RunReport): RunState {
  const validity = metrics.kind === 'requests' ? metrics.client?.validity : undefined
  if (validity === 'client-bound') return validity
  return partial ? 'partial' : (validity ?? 'valid')
}

const RUN_GRAVITIES: Readonly<Record<RunState, Gravity>> = { valid: 'fine', degraded: 'doubtful', 'client-bound': 'bad', partial: 'bad' }

/** What came of each bench, in the order of the model. */
export function benchOutcomes(model: Pick<RunModel, 'tests'>): BenchOutcome[] {
  return model.tests.flatMap((test) => {
    const attempt = lastAttempt(test)
    const ofLast = <Item extends { attempt: number }>(items: readonly Item[]): Item[] => items.filter((item) => item.attempt === attempt)
    const [runs, holdings, verdicts] = [ofLast(test.runs), ofLast(test.holdings), ofLast(test.verdicts)]
    const benches = [...new Set([...runs, ...holdings, ...verdicts].map(({ bench }) => bench))]
    return benches.map((bench) => {
      const of = <Item extends { bench: string }>(items: readonly Item[]): Item[] => items.filter((item) => item.bench === bench)
      const outcome = { test, bench, runs: of(runs), holdings: of(holdings), verdicts: of(verdicts) }
      return { ...outcome, gravity: gravityOf(outcome) }
    })
  })
}

function lastAttempt({ runs, holdings, verdicts }: TestModel): number {
  return [...runs, ...holdings, ...verdicts].reduce((last, { attempt }) => Math.max(last, attempt), 0)
}

function gravityOf({ test, runs, holdings, verdicts }: Omit<BenchOutcome, 'gravity'>): Gravity {
  const all = new Set([
    ...runs.map((run) => RUN_GRAVITIES[runStateOf(run)]),
    ...verdicts.map((verdict) => verdictGravity(test, verdict)),
    ...holdings.map((holding) => holdingGravity(test, holding)),
  ])
  return GRAVITIES.find((gravity) => all.has(gravity)) ?? 'fine'
}

/** Where a test has passed all the same (`test.fails`, a caught error), no report may say otherwise than Vitest. */
function isTolerated({ state }: TestModel): boolean {
  return state === 'passed' || state === 'skipped'
}

export function verdictGravity(test: TestModel, { state }: Verdict): Gravity {
  return state === 'pass' || isTolerated(test) ? 'fine' : 'bad'
}

export function holdingGravity(test: TestModel, { state, inconclusive, comparisons }: Holding): Gravity {
  if (state === 'inconclusive') return inconclusiveGravity(inconclusive, test)
  if (state === 'regressed' || state === 'error' || state === 'invalid') return isTolerated(test) ? 'fine' : 'bad'
  return comparisons.some((comparison) => comparison.state === 'improved') ? 'better' : 'fine'
}

function inconclusiveGravity(countsAs: Holding['inconclusive'], test: TestModel): Gravity {
  if (countsAs === 'fail') return isTolerated(test) ? 'fine' : 'bad'
  return countsAs === 'warn' ? 'doubtful' : 'fine'
}

export function comparisonGravity(test: TestModel, holding: Holding, { state }: Comparison): Gravity {
  if (state === 'pass') return 'fine'
  return state === 'improved' ? 'better' : holdingGravity(test, { ...holding, state })
}

/** Errors of a failed test that no threshold, no comparison and no run's validity stands for. */
export function ownErrors(test: TestModel): ErrorModel[] {
  if (test.state !== 'failed') return []
  const isBound = test.runs.some((run) => runStateOf(run) === 'client-bound')
  return distinct(test.errors.filter(({ cause, code }) => cause !== 'threshold' && !(isBound && code === CLIENT_BOUND)))
}

const CLIENT_BOUND: ErrorCode = 'CLIENT_BOUND'

/** Every attempt of a retried test repeats its errors. */
export function distinct(errors: readonly ErrorModel[]): ErrorModel[] {
  const seen = new Set<string>()
  return errors.filter((error) => {
    const key = JSON.stringify([error.name, error.message, error.at])
    return !seen.has(key) && seen.add(key)
  })
}

/** Whether anything is beyond the noise, or can't be told: what a person should be told of unasked. */
export function hasNews(model: RunModel): boolean {
  return (
    model.partial ||
    model.unhandledErrors.length > 0 ||
    model.tests.some((test) => test.state === 'failed' || test.state === 'pending') ||
    benchOutcomes(model).some(({ gravity }) => gravity !== 'fine')
  )
}

/** Whether a threshold counts against its test. */
export function isBroken(test: TestModel, verdict: Verdict): boolean {
  return verdictGravity(test, verdict) === 'bad'
}

export function hasOwnErrors(test: TestModel): boolean {
  return ownErrors(test).length > 0
}

/** Whether reports have anything to say: of ordinary benchmarks alone they don't. */
export function isWorthReporting({ tests, unhandledErrors, partial }: RunModel): boolean {
  return (
    partial || unhandledErrors.length > 0 || tests.some(({ runs, state }) => runs.length > 0 || state === 'failed' || state === 'pending')
  )
}

import { canonicalJSON } from '../dsl/digest.ts'
import type { CheckedHold } from './check-hold.ts'
import { clausesFor } from './check-hold.ts'
import type { Clause } from './clause.ts'
import { differences, isAxisOf } from './cohort.ts'
import { holdRuns } from './hold-runs.ts'
import type { HoldTerms, Side } from './hold-runs.ts'
import type { Holding } from './holding.ts'
import type { BenchName, RunSample } from './run-sample.ts'

/** A bench that both sides have, held against itself. */
export interface BenchHolding extends Holding {
  /** Bench file and test, as in {@link BenchName}. */
  file: string
  test: string
}

/** What came of holding two sets of benches against one another. JSON-safe. */
export interface SidesComparison {
  reference: SideFacts
  measured: SideFacts
  /** One for each bench and cohort, in the order in which they were measured. */
  holdings: BenchHolding[]
  /** Benches that only one side has. */
  onlyReference: BenchName[]
  onlyMeasured: BenchName[]
  /** Benches of both sides that have none of the metrics asked for. */
  withoutMetric: BenchName[]
}

/** What was compared. */
export interface SideFacts {
  name: string
  runs: number
  /** ISO times at which the first and the last run started. */
  from: string
  to: string
}

/** How benches are compared. */
export interface SidesTerms {
  readonly hold: CheckedHold
  /** The least change that matters of every metric that names none. */
  readonly within?: number | undefined
  /** Looks at these metrics alone (default: at all of the hold's). */
  readonly watches?: ((bench: BenchName, metric: string) => boolean) | undefined
  readonly looks?: HoldTerms['looks']
}

/**
 * Holds every bench of one side against the same bench of the other. Benches are the same by file, test and name; runs of one
 * cohort are compared with those of the same cohort, or of one that differs on allowed axes alone.
 * @param reference with a run at least, as `measured`
 */
export function compareSides(reference: Side, measured: Side, { hold, within, watches, looks }: SidesTerms): SidesComparison {
  const [theirs, ours] = [reference, measured].map(({ runs }) => byBench(runs)) as [Map<string, RunSample[]>, Map<string, RunSample[]>]
  const clauses = (before: readonly RunSample[], now: readonly RunSample[]): Clause[] => {
    const asked = clausesFor(hold, before, now).map((clause) =>
      within === undefined || isOwn(clause, hold) ? clause : { ...clause, within },
    )
    // What a search is about is its aim, whatever it guarded before.
    if (watches !== undefined) {
      return asked.filter(({ metric }) => watches(now[0]!.bench, metric)).map((clause) => ({ ...clause, guard: false }))
    }
    if (hold.metrics.length === 0) return asked
    // Of a suite with several kinds of runs, none has all metrics.
    const had = asked.filter(({ metric }) => [...before, ...now].some(({ figures }) => figures[metric] !== undefined))
    return had.every(({ guard }) => guard === true) ? [] : had
  }
  const both = [...ours].flatMap(([key, now]) => {
    const before = theirs.get(key)
    return before === undefined ? [] : [{ before, now, bench: now[0]!.bench }]
  })
  const [without, compared] = partition(
    both,
    ({ before, now }) => (watches !== undefined || hold.metrics.length > 0) && clauses(before, now).length === 0,
  )
  return {
    reference: factsOf(reference),
    measured: factsOf(measured),
    holdings: compared.flatMap(({ before, now, bench: { file, test } }) =>
      pairCohorts(before, now, hold.across).map(([then, since]) => ({
        file,
        test,
        ...holdRuns(
          { ...reference, runs: then },
          { ...measured, runs: since },
          { hold, clauses, ...(looks === undefined ? {} : { looks }) },
        ),
      })),
    ),
    onlyReference: only(theirs, ours),
    onlyMeasured: only(ours, theirs),
    withoutMetric: without.map(({ bench }) => bench),
  }
}

/** Whether a clause has its own least change: one that was asked for, or a guard. */
function isOwn({ guard }: Clause, { metrics }: CheckedHold): boolean {
  return guard === true || metrics.length > 0
}

function only(mine: Map<string, RunSample[]>, other: Map<string, RunSample[]>): BenchName[] {
  return [...mine].filter(([key]) => !other.has(key)).map(([, runs]) => runs[0]!.bench)
}

function factsOf({ name, runs }: Side): SideFacts {
  const times = runs.map(({ startedAt }) => startedAt).toSorted()
  return { name, runs: runs.length, from: times[0]!, to: times.at(-1)! }
}

function partition<Item>(items: readonly Item[], is: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(is), items.filter((item) => !is(item))]
}

function byBench(runs: readonly RunSample[]): Map<string, RunSample[]> {
  return Map.groupBy(
    runs.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0)),
    ({ bench: { file, test, name } }) => JSON.stringify([file, test, name]),
  )
}

/** Each measured cohort with the same one of the reference, else with those that differ on allowed axes alone, else with the nearest. */
function pairCohorts(reference: RunSample[], measured: RunSample[], across: readonly string[]): [RunSample[], RunSample[]][] {
  const [before, now] = [reference, measured].map((runs) => [...Map.groupBy(runs, ({ cohort }) => canonicalJSON(cohort)).values()]) as [
    RunSample[][],
    RunSample[][],
  ]
  return now.flatMap((ours) => {
    const candidates = before
      .map((theirs) => {
        const axes = differences(theirs[0]!.cohort, ours[0]!.cohort).map(({ axis }) => axis)
        return { theirs, axes: axes.length, strange: axes.filter((axis) => !isAxisOf(axis, across)).length }
      })
      .toSorted((a, b) => a.strange - b.strange || a.axes - b.axes)
    const [nearest] = candidates
    const allowed = candidates.filter(({ strange }) => strange === 0)
    const taken = nearest!.axes === 0 || allowed.length === 0 ? [nearest!] : allowed
    return taken.map(({ theirs }): [RunSample[], RunSample[]] => [theirs, ours])
  })
}

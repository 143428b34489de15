import type { Repeats } from '../dsl/repeats.ts'
import { compareSides } from './compare-sides.ts'
import type { BenchHolding, SidesTerms } from './compare-sides.ts'
import type { Comparison, Direction } from './comparison.ts'
import type { BenchName, RunSample } from './run-sample.ts'

/** All that was measured of a version. */
export interface VersionRuns {
  readonly version: string
  /** One for each time that the suite was run: the samples that it left. */
  readonly runs: readonly (readonly RunSample[])[]
}

/** A figure that the search is about. */
export interface WatchedFigure {
  readonly bench: BenchName
  readonly metric: string
}

export interface VersionTerms extends SidesTerms {
  /** Suite runs of a version. */
  readonly repeats: Repeats
  /** The figures that are looked at (default: all). */
  readonly watched?: readonly WatchedFigure[] | undefined
}

/** What is known of a version after some suite runs. */
export interface VersionVerdict {
  /** `open`: more runs may tell. `incomparable`: they won't: a bench is missing, or of another cohort. */
  readonly state: 'good' | 'bad' | 'open' | 'incomparable'
  readonly figures: readonly JudgedFigure[]
  /** What a reader is told: why nothing can be told, what was left out. */
  readonly notes: readonly string[]
}

/** A figure of a version against the same of the good one. */
export interface JudgedFigure extends WatchedFigure {
  readonly comparison: Comparison
}

/**
 * Holds a version against the good one: bad where any figure regressed, good where all hold.
 * @param good all its runs
 */
export function holdVersion(good: VersionRuns, version: VersionRuns, terms: VersionTerms): VersionVerdict {
  const [reference, measured] = [good, version].map(({ version: name, runs }) => ({ name, runs: runs.flat() }))
  if (measured!.runs.length === 0) return { state: 'incomparable', figures: [], notes: ['its suite measured nothing'] }
  const { watched } = terms
  const { holdings } = compareSides(reference!, measured!, {
    ...terms,
    watches:
      watched === undefined ? undefined : (bench, metric) => watched.some((one) => one.metric === metric && isSame(one.bench, bench)),
    looks: (theirs, ours) => plannedLooks(theirs, ours, version.runs.length, terms.repeats),
  })
  const figures = holdings.flatMap((holding) =>
    holding.comparisons.map((comparison) => ({ bench: benchOf(holding), metric: comparison.metric, comparison })),
  )
  const notes = [...new Set(holdings.flatMap((holding) => holding.notes))]
  const states = new Set(figures.map(({ comparison }) => comparison.state))
  if (states.has('regressed')) return { state: 'bad', figures, notes }
  const missing = whatIsMissing(holdings, figures, watched)
  if (missing.length > 0) return { state: 'incomparable', figures, notes: [...missing, ...notes] }
  return { state: figures.length > 0 && !states.has('inconclusive') ? 'good' : 'open', figures, notes }
}

/** The figures that regressed: what the search then looks at. */
export function regressedFigures({ figures }: VersionVerdict): WatchedFigure[] {
  return figures.filter(({ comparison }) => comparison.state === 'regressed').map(({ bench, metric }) => ({ bench, metric }))
}

/** The figure that speaks loudest: the one that regressed most, else the one that changed most for the worse. */
export function headline({ figures }: VersionVerdict): JudgedFigure | undefined {
  const harm = ({ comparison: { change = 0, direction, within, state } }: JudgedFigure): number =>
    (state === 'regressed' ? 1e6 : 0) + worsening(change, direction) / within
  return figures.filter(({ comparison }) => comparison.change !== undefined).toSorted((a, b) => harm(b) - harm(a))[0]
}

function worsening(change: number, direction: Direction): number {
  if (direction === 'either') return Math.abs(change)
  return direction === 'min' ? -change : change
}

/** What can't be compared however often it is run: a figure that is not there, or one of another cohort. */
function whatIsMissing(
  holdings: readonly BenchHolding[],
  figures: readonly JudgedFigure[],
  watched: readonly WatchedFigure[] | undefined,
): string[] {
  const strange = holdings.filter(({ state, comparisons }) => state === 'error' && comparisons.length === 0)
  const told = strange.flatMap(({ bench, notes }) => notes.map((note) => `${bench}: ${note}`))
  // Runs that were all left out may be followed by better ones.
  const invalid = holdings.filter(({ state }) => state === 'invalid')
  if (watched === undefined)
    return holdings.length === 0 ? ['none of its benches is one of the good version'] : figures.length + invalid.length === 0 ? told : []
  const absent = watched.filter(
    ({ bench, metric }) =>
      !figures.some((figure) => figure.comparison.state !== 'error' && figure.metric === metric && isSame(figure.bench, bench)) &&
      ![...strange, ...invalid].some((holding) => isSame(benchOf(holding), bench)),
  )
  return [
    ...told,
    ...absent.map(
      ({ bench, metric }) => `${metric} of ${bench.name} can't be compared: a run of it has no such figure, or too few samples`,
    ),
  ]
}

/** Counts at each look: the runs of the good version are done; what a suite run adds to a bench is what it added so far. */
function plannedLooks(reference: number, measured: number, suiteRuns: number, { min, max }: Repeats): [number, number][] {
  const perRun = measured / suiteRuns
  const counts = Array.from({ length: max - Math.min(min, suiteRuns) + 1 }, (_, i) => {
    const at = Math.min(min, suiteRuns) + i
    if (at === suiteRuns) return measured
    const expected = Math.round(perRun * at)
    return at < suiteRuns ? Math.min(expected, measured - 1) : Math.max(expected, measured + at - suiteRuns)
  })
  return [...new Set(counts)].filter((count) => count > 0).map((count) => [reference, count])
}

function benchOf({ file, test, bench }: BenchHolding): BenchName {
  return { file, test, name: bench }
}

function isSame(a: BenchName, b: BenchName): boolean {
  return a.file === b.file && a.test === b.test && a.name === b.name
}

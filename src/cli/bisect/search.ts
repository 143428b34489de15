import { LlmBenchError } from '../../errors.ts'
import { nextStep, whatIsLeft } from '../../verdict/bisect.ts'
import type { Step, VersionState } from '../../verdict/bisect.ts'
import { FALSE_ALARM, MISS } from '../../verdict/compare.ts'
import type { SidesTerms } from '../../verdict/compare-sides.ts'
import { headline, holdVersion, regressedFigures } from '../../verdict/hold-version.ts'
import type { JudgedFigure, VersionVerdict, WatchedFigure } from '../../verdict/hold-version.ts'
import type { RunSample } from '../../verdict/run-sample.ts'
import { UntestedError } from './lab.ts'
import type { Lab } from './lab.ts'
import { testsOf } from './plan.ts'
import type { BisectPlan } from './plan.ts'
import type { BisectRecord } from './record.ts'

/** What came of a search. JSON-safe. */
export interface BisectOutcome {
  result: Exclude<Step, { kind: 'test' }> | StoppedEarly
  /** In the order of the plan. */
  versions: VersionOutcome[]
  /** The figures that regressed in the bad version, and that all others were judged by. */
  watched: readonly WatchedFigure[]
  /** Suite runs, those of an earlier part of the search included. */
  suiteRuns: number
}

/** The search ended before it knew. */
interface StoppedEarly {
  readonly kind: 'stopped'
  readonly why: 'interrupted' | 'max-runs'
  readonly candidates: readonly string[]
  readonly lastGood: string
}

export interface VersionOutcome {
  version: string
  /** `reference`: the good version. Absent where it was not looked at. */
  state?: VersionState | 'reference'
  suiteRuns: number
  /** The figure that speaks loudest against it. */
  figure?: JudgedFigure
  /** Why nothing is known of it, or what is to be said besides. */
  notes: string[]
}

export interface SearchOptions {
  readonly plan: BisectPlan
  readonly terms: SidesTerms
  readonly lab: Lab
  readonly record: BisectRecord
  readonly maxRuns?: number | undefined
  readonly tell: (version: string, text: string) => void
}

/** Thrown where no further suite run is allowed. */
class RunsSpentError extends Error {}

/**
 * Searches the first bad version.
 * @throws {LlmBenchError} `RUN_FAILED` where the good version can't be measured; `USAGE` for a suite that can't be used
 */
export async function search(options: SearchOptions): Promise<BisectOutcome> {
  return new Bisection(options).run()
}

class Bisection {
  readonly #options: SearchOptions
  readonly #states = new Map<string, VersionState>()
  readonly #outcomes = new Map<string, VersionOutcome>()
  /** Samples of every suite run. */
  readonly #runs = new Map<string, RunSample[][]>()
  #watched: WatchedFigure[] | undefined

  constructor(options: SearchOptions) {
    this.#options = options
  }

  async run(): Promise<BisectOutcome> {
    const { versions } = this.#options.plan
    try {
      for (const version of versions) this.#runs.set(version, await this.#options.record.samplesOf(version))
      await this.#measureGood()
      for (;;) {
        const step = nextStep({ versions, states: this.#states })
        if (step.kind !== 'test') return this.#outcome(step)
        await this.#test(step.version)
      }
    } catch (error) {
      const why = error instanceof RunsSpentError ? 'max-runs' : isCancelled(error) ? 'interrupted' : undefined
      if (why === undefined) throw error
      return this.#outcome({ kind: 'stopped', why, ...whatIsLeft({ versions, states: this.#states }) })
    }
  }

  async #measureGood(): Promise<void> {
    const { plan, tell } = this.#options
    const good = plan.versions[0]!
    try {
      await this.#measure(good, () => false)
    } catch (error) {
      if (!(error instanceof UntestedError)) throw error
      throw new LlmBenchError('RUN_FAILED', `the good version, ${good}, can't be measured: ${error.message}`, { cause: error })
    }
    this.#outcomes.set(good, { version: good, state: 'reference', suiteRuns: this.#runsOf(good).length, notes: [] })
    tell(good, `measured, ${this.#runsOf(good).length} times`)
  }

  /** Holds a version against the good one, with more runs while it does not tell. */
  async #test(version: string): Promise<void> {
    const { plan, record, tell } = this.#options
    const { min } = plan.repeats
    let verdict: VersionVerdict | undefined
    let untested = record.of(version).untested
    try {
      if (untested === undefined) {
        await this.#measure(version, (runs) => {
          if (runs.length < min) return false
          verdict = this.#judge(version)
          return verdict.state !== 'open'
        })
      }
    } catch (error) {
      if (!(error instanceof UntestedError)) throw error
      untested = error.message
      await record.addUntested(version, untested)
    }
    const state =
      untested !== undefined
        ? 'untested'
        : verdict!.state === 'open'
          ? 'undecided'
          : verdict!.state === 'incomparable'
            ? 'untested'
            : verdict!.state
    const figure = verdict === undefined ? undefined : headline(verdict)
    this.#states.set(version, state)
    this.#outcomes.set(version, {
      version,
      state,
      suiteRuns: this.#runsOf(version).length,
      ...(figure === undefined ? {} : { figure }),
      notes: untested === undefined ? [...verdict!.notes] : [untested],
    })
    // The bad version says what the search is about.
    if (state === 'bad') this.#watched ??= regressedFigures(verdict!)
    tell(version, saidOf(this.#outcomes.get(version)!))
  }

  #judge(version: string): VersionVerdict {
    const { plan, terms } = this.#options
    const good = plan.versions[0]!
    const benches = new Set(
      this.#runsOf(good)
        .flat()
        .map(({ bench }) => JSON.stringify(bench)),
    ).size
    const tests = testsOf(plan.versions)
    const { falseAlarm = FALSE_ALARM, miss = MISS } = terms.hold
    return holdVersion(
      { version: good, runs: this.#runsOf(good) },
      { version, runs: this.#runsOf(version) },
      {
        ...terms,
        // One wrong answer leads the whole search astray: its chance is shared out among the answers.
        hold: { ...terms.hold, falseAlarm: falseAlarm / (tests * benches), miss: miss / tests },
        repeats: plan.repeats,
        watched: this.#watched,
      },
    )
  }

  /** Runs the suite against a version until there is enough, up to the most. */
  async #measure(version: string, isEnough: (runs: readonly RunSample[][]) => boolean): Promise<void> {
    const { plan, lab, maxRuns, tell } = this.#options
    const { max } = plan.repeats
    const runs = this.#runsOf(version)
    // What an earlier part of the search measured may do.
    const known = runs.length > 0 && isEnough(runs)
    if (known || runs.length >= max) return
    const refuse = (): void => {
      if (maxRuns !== undefined && this.#suiteRuns >= maxRuns) throw new RunsSpentError()
    }
    refuse()
    await lab.withVersion(version, async (runSuite) => {
      do {
        refuse()
        tell(version, `suite run ${runs.length + 1} of up to ${max}`)
        runs.push(await runSuite())
      } while (!isEnough(runs) && runs.length < max)
    })
  }

  #runsOf(version: string): RunSample[][] {
    return this.#runs.get(version)!
  }

  get #suiteRuns(): number {
    return [...this.#runs.values()].reduce((sum, runs) => sum + runs.length, 0)
  }

  #outcome(result: BisectOutcome['result']): BisectOutcome {
    return {
      result,
      versions: this.#options.plan.versions.map(
        (version) => this.#outcomes.get(version) ?? { version, suiteRuns: this.#runs.get(version)?.length ?? 0, notes: [] },
      ),
      watched: this.#watched ?? [],
      suiteRuns: this.#suiteRuns,
    }
  }
}

function isCancelled(error: unknown): boolean {
  return error instanceof LlmBenchError && error.code === 'CANCELLED'
}

function saidOf({ state, figure, notes }: VersionOutcome): string {
  const facts = figure === undefined || state === 'untested' ? [] : [`${figure.bench.name}: ${figure.comparison.message}`]
  return `${state === 'untested' ? 'skipped' : state}: ${[...facts, ...notes].join(' ')}`
}

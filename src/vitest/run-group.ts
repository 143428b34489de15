import type { BenchResult, RunnerTestCase } from 'vitest'
import { repeatText } from '../dsl/repeats.ts'
import type { Repeats } from '../dsl/repeats.ts'
import type { WorkloadSpec } from '../dsl/workload-spec.ts'
import { LlmBenchError } from '../errors.ts'
import { standingRun } from '../verdict/standing-run.ts'
import { carryingRuns } from './bench-result.ts'
import type { MeasuredOnce, MeasuredRun } from './bench-result.ts'
import { runWorkload } from './run-workload.ts'
import { inTurn } from './turns.ts'

/** A workload under the name that it was registered by. */
export interface NamedWorkload {
  readonly name: string
  readonly spec: WorkloadSpec
}

/**
 * Runs the workloads of one `.run()` or `bench.compare()`, each as often as it is to be run at least. Where they repeat, they take
 * turns, A B B A A B …, so that what drifts meanwhile touches all alike.
 * @returns a result for each; it is brought up to date by every further run
 */
export async function runGroup(test: RunnerTestCase, workloads: readonly NamedWorkload[]): Promise<BenchResult[]> {
  const group = new RunGroup(test, workloads)
  await group.runLeast()
  return group.benches.map(({ result }) => result)
}

/** Workloads that are run in turns. */
class RunGroup {
  readonly benches: readonly RepeatedBench[]
  readonly #test: RunnerTestCase
  #rounds = 0
  #over = false

  constructor(test: RunnerTestCase, workloads: readonly NamedWorkload[]) {
    this.#test = test
    this.benches = workloads.map((workload) => new RepeatedBench(workload, (bench) => this.#again(bench)))
    test.context.onTestFinished(() => {
      this.#over = true
    })
  }

  async runLeast(): Promise<void> {
    while (this.benches.some(isDue)) await this.#round(isDue)
  }

  async #again(asked: RepeatedBench): Promise<void> {
    await inTurn(this.#test, () => this.#round((bench) => bench === asked || bench.runs.length < bench.repeats.max))
  }

  async #round(takesPart: (bench: RepeatedBench) => boolean): Promise<void> {
    const order = this.#rounds++ % 2 === 0 ? this.benches : this.benches.toReversed()
    for (const bench of order.filter(takesPart)) {
      this.#refuseCancelled(bench)
      bench.take(await runWorkload(this.#test, bench.name, bench.spec, bench.runs.length))
    }
  }

  /** Between two runs nothing is partial: what was measured stands, and no other run is begun. */
  #refuseCancelled({ name, runs, repeats }: RepeatedBench): void {
    if (!this.#over && !(this.#test.context.signal.aborted && runs.length > 0)) return
    throw new LlmBenchError(
      'CANCELLED',
      `${name} was interrupted before ${repeatText(runs.length, repeats)}: what was measured until then is kept.`,
    )
  }
}

/** Whether it has not been run as often as it is to be at least. */
function isDue({ runs, repeats }: RepeatedBench): boolean {
  return runs.length < repeats.min
}

/** A run with its form as one of Vitest's results. */
export interface MeasuredRepeat {
  readonly once: MeasuredOnce
  readonly statistics: BenchResult
}

/** A workload with its runs and the result that shows them. */
class RepeatedBench implements MeasuredRun {
  readonly name: string
  readonly spec: WorkloadSpec
  readonly runs: MeasuredOnce[] = []
  readonly result: BenchResult
  readonly #statistics: BenchResult[] = []
  readonly #again: (bench: RepeatedBench) => Promise<void>

  constructor({ name, spec }: NamedWorkload, again: (bench: RepeatedBench) => Promise<void>) {
    this.name = name
    this.spec = spec
    this.#again = again
    this.result = carryingRuns({} as BenchResult, this)
  }

  get repeats(): Repeats {
    return this.spec.repeats
  }

  get standing(): MeasuredOnce {
    return this.runs[this.#standing()]!
  }

  again(): Promise<void> {
    return this.#again(this)
  }

  take({ once, statistics }: MeasuredRepeat): void {
    this.runs.push(once)
    this.#statistics.push(statistics)
    Object.assign(this.result, this.#statistics[this.#standing()], {
      metrics: this.standing.report.metrics,
      runs: this.runs.map(({ report }) => report.metrics),
    })
  }

  #standing(): number {
    return standingRun(this.runs.map(({ report }) => report.metrics))
  }
}

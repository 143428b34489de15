/**
 * Tables of the runs' figures and verdicts on the terminal.
 * @module vitest-llm-bench/reporters/terminal
 */
import { relative } from 'node:path'
import type { SerializedError, TestBenchmark } from 'vitest'
import { DefaultReporter, VerboseReporter } from 'vitest/node'
import type { Reporter, TestCase, TestModule, TestModuleState, TestRunEndReason, TestSuite, Vitest } from 'vitest/node'
import { judgementsOf, runsOf } from './build-model.ts'
import { resultsFolderOf, settingsOf } from './settings.ts'
import { indented, terminalStyle } from './terminal/style.ts'
import { renderTest } from './terminal/test.ts'

export { renderProgress } from './terminal/progress.ts'
export type { ProgressView } from './terminal/progress.ts'

/**
 * Prints each run's table as its test ends, and the results folder at the end. Stands beside any reporter of Vitest's.
 * @example reporters: ['dot', 'vitest-llm-bench/reporters/terminal']
 */
export default class TerminalReporter implements Reporter {
  readonly #tables = new Tables()
  #vitest: Vitest | undefined

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  onTestRunStart(): void {
    this.#tables.clear()
  }

  onTestCaseResult(test: TestCase): void {
    const lines = this.#tables.of(test, '')
    if (lines.length === 0) return
    this.#log('')
    this.#log(`${test.result().state === 'failed' ? '✗' : '✓'} ${test.module.relativeModuleId} > ${test.fullName}`)
    for (const line of lines) this.#log(line)
  }

  onTestRunEnd(testModules: readonly TestModule[], _errors: readonly SerializedError[], reason: TestRunEndReason): void {
    // While reports are merged, no test ends: all is printed here.
    for (const module of testModules) for (const test of module.children.allTests()) this.onTestCaseResult(test)
    const last = this.#vitest && resultsLine(this.#vitest, this.#tables, reason)
    if (last !== undefined) this.#log(last)
  }

  #log(line: string): void {
    this.#vitest?.logger.log(line)
  }
}

/**
 * A reporter of Vitest's with our tables in the place of Tinybench's, for workloads only: ordinary benchmarks, and groups that
 * hold both, keep Vitest's.
 * @param asTestsEnd whether it prints a test when that ends, rather than with its module
 */
function withTables(Base: typeof DefaultReporter, asTestsEnd: boolean): typeof DefaultReporter {
  return class extends Base {
    readonly #tables = new Tables()
    /** Names of the workloads of the test that is being printed. */
    #workloads: ReadonlySet<string> = new Set()

    override onTestRunStart(...[specifications]: Parameters<DefaultReporter['onTestRunStart']>): void {
      this.#tables.clear()
      super.onTestRunStart(specifications)
    }

    override onTestRunEnd(...[testModules, errors, reason]: Parameters<DefaultReporter['onTestRunEnd']>): void {
      // What Vitest did not print (a module cut short) must not be lost.
      for (const module of testModules) for (const test of module.children.allTests()) this.#print(test)
      super.onTestRunEnd(testModules, errors, reason)
      const last = resultsLine(this.ctx, this.#tables, reason)
      if (last !== undefined) this.log(last)
    }

    override onTestCaseResult(test: TestCase): void {
      this.#inPlaceOfTinybench(test, () => super.onTestCaseResult(test))
      if (asTestsEnd) this.#print(test)
    }

    protected override printTestCase(moduleState: TestModuleState, test: TestCase): void {
      this.#inPlaceOfTinybench(test, () => super.printTestCase(moduleState, test))
      this.#print(test)
    }

    protected override printBenchmarkTable(benchmarks: readonly TestBenchmark[], basePadding: string, columnName?: string): void {
      const kept = benchmarks.filter(({ tasks }) => !tasks.every((task) => this.#workloads.has(task.name)))
      if (kept.length > 0) super.printBenchmarkTable(kept, basePadding, columnName)
    }

    #inPlaceOfTinybench(test: TestCase, print: () => void): void {
      this.#workloads = new Set(runsOf(test).map((run) => run.bench))
      try {
        print()
      } finally {
        this.#workloads = new Set()
      }
    }

    #print(test: TestCase): void {
      const depth = asTestsEnd ? 0 : suitesAbove(test) + 1
      for (const line of this.#tables.of(test, ` ${'  '.repeat(depth)}  `)) this.log(line)
    }
  }
}

/** As Vitest's own, which it does not export. */
class TreeReporter extends DefaultReporter {
  protected override verbose = true
  override renderSucceed = true
}

/** Vitest's default reporter with our tables; `llmBench()` puts it in for `'default'`, and the others for theirs. */
export const LlmBenchDefaultReporter: typeof DefaultReporter = withTables(DefaultReporter, false)
export const LlmBenchTreeReporter: typeof DefaultReporter = withTables(TreeReporter, false)
export const LlmBenchVerboseReporter: typeof DefaultReporter = withTables(VerboseReporter, true)

/** Renders each test once, whoever asks first: Vitest's own order of printing, or the end of the run. */
class Tables {
  readonly #printed = new Set<string>()

  get count(): number {
    return this.#printed.size
  }

  clear(): void {
    this.#printed.clear()
  }

  of(test: TestCase, indent: string): string[] {
    const runs = runsOf(test)
    if (runs.length === 0 || this.#printed.has(test.id)) return []
    this.#printed.add(test.id)
    return renderTest(runs, judgementsOf(test), indented(terminalStyle(), indent.length)).map((line) => (line === '' ? '' : indent + line))
  }
}

function resultsLine(vitest: Vitest, tables: Tables, reason: TestRunEndReason): string | undefined {
  // Without the plugin no folder belongs to the run as a whole: each file reporter says where it wrote.
  if (settingsOf(vitest) === undefined) return undefined
  // A run that was interrupted has reports, whether or not it had come to a figure.
  if (tables.count === 0 && reason !== 'interrupted') return undefined
  const style = terminalStyle()
  const folder = relative(vitest.config.root, resultsFolderOf(vitest)) || '.'
  const partial = reason === 'interrupted' ? style.warn('  PARTIAL: the run was cut short') : ''
  return `${style.dim('    Results')}  ${folder}${partial}\n`
}

function suitesAbove(test: TestCase): number {
  let depth = 0
  for (let parent: TestSuite | TestModule = test.parent; parent.type === 'suite'; parent = parent.parent) depth++
  return depth
}

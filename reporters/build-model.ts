import { availableParallelism, cpus } from 'node:os'
import { relative } from 'node:path'
import type { SerializedError } from 'vitest'
import type { TestCase, TestModule, TestRunEndReason, TestSuite, Vitest } from 'vitest/node'
import { RUN_ARTIFACT } from '../src/files/run-report.ts'
import type { LlmBenchMeta, RunReport } from '../src/files/run-report.ts'
import { thisPackage } from '../src/this-package.ts'
import { benchRuns, isUnfinished } from './bench-runs.ts'
import { errorModel, posix } from './build-errors.ts'

import type { ErrorModel, RunModel, TestModel } from './model.ts'
import { resultsFolderOf, settingsOf } from './settings.ts'

/**
 * Builds the model that every report renders. Reads only what survives `--merge-reports`: artifacts, meta and results.
 * Modules of projects that are no benchmark projects are left out.
 */
export function buildRunModel(
  vitest: Vitest,
  testModules: readonly TestModule[],
  unhandledErrors: readonly SerializedError[],
  reason: TestRunEndReason,
): RunModel {
  const { root } = vitest.config
  const settings = settingsOf(vitest)
  const merging = Boolean(vitest.config.mergeReports)
  const modules = testModules
    .filter((module) => module.project.config.benchmark.enabled)
    .map((module) => ({ module, file: fileOf(module, root) }))
    .toSorted((a, b) => compare(a.file, b.file) || compare(a.module.project.name, b.module.project.name))
  const tests = modules.flatMap(({ module, file }) => [...module.children.allTests()].map((test) => testModel(test, file, root)))
  const times = modules.flatMap(({ module }) => [...module.children.allTests()].flatMap(timesOf))
  const started = merging || settings === undefined ? earliest(times) : Date.parse(settings.startedAt)
  const ended = merging ? times.reduce((latest, [, end]) => Math.max(latest, end), started) : Date.now()
  return {
    generator: thisPackage(),
    vitestVersion: vitest.version,
    startedAt: new Date(started).toISOString(),
    durationMs: Math.max(0, ended - started),
    root: posix(root),
    resultsFolder: posix(relative(root, resultsFolderOf(vitest))) || '.',
    partial: reason === 'interrupted' || tests.some((test) => test.state === 'pending'),
    // The machine that merges is not the one that measured.
    environment: { ...(merging ? {} : machineFacts()), ...settings?.environment },
    tests,
    unhandledErrors: [
      ...unhandledErrors.map((error) => errorModel(error, root)),
      ...modules.flatMap(({ module, file }) => moduleErrors(module, file, root)),
    ],
  }
}

/** The runs that a test has left, in the order in which they ended. */
export function runsOf(test: TestCase): RunReport[] {
  return (test.artifacts() as readonly { type: string; report?: RunReport }[]).flatMap((artifact) =>
    artifact.type === RUN_ARTIFACT && artifact.report !== undefined ? [artifact.report] : [],
  )
}

/** What the matchers have left of a test. */
export function judgementsOf(test: TestCase): Pick<LlmBenchMeta, 'verdicts' | 'holdings'> {
  const { verdicts = [], holdings = [] } = (test.meta() as { llmBench?: Partial<LlmBenchMeta> }).llmBench ?? {}
  return { verdicts, holdings }
}

function testModel(test: TestCase, file: string, root: string): TestModel {
  const runs = runsOf(test)
  const diagnostic = test.diagnostic()
  return {
    file,
    ...(test.location === undefined ? {} : { line: test.location.line }),
    project: test.project.name,
    suites: suitesOf(test),
    name: test.name,
    state: stateOf(test, runs),
    durationMs: diagnostic?.duration ?? 0,
    flaky: diagnostic?.flaky ?? false,
    attempts: test.attempts().length,
    errors: errorsOf(test).map((error) => errorModel(error, root)),
    runs,
    ...judgementsOf(test),
    benchmarks: ordinaryBenchmarks(test, new Set(runs.map((run) => run.bench))),
  }
}

/** Vitest calls a test that was cancelled in mid-run skipped; a run that is cut short or missing tells that it had begun. */
function stateOf(test: TestCase, runs: readonly RunReport[]): TestModel['state'] {
  const { state } = test.result()
  return state === 'skipped' && benchRuns(runs).some(isUnfinished) ? 'pending' : state
}

function errorsOf(test: TestCase): readonly SerializedError[] {
  const attempts = test.attempts()
  if (test.result().state !== 'failed') return attempts.at(-1)?.errors ?? []
  const all = attempts.flatMap((attempt) => attempt.errors ?? [])
  return all.length > 0 ? all : (test.result().errors ?? [])
}

function suitesOf(test: TestCase): string[] {
  const names: string[] = []
  for (let parent: TestSuite | TestModule = test.parent; parent.type === 'suite'; parent = parent.parent) names.unshift(parent.name)
  return names
}

/** A retried test leaves its benchmarks once for each attempt: the last one stands. */
function ordinaryBenchmarks(test: TestCase, workloads: ReadonlySet<string>): TestModel['benchmarks'] {
  const byName = new Map<string, TestModel['benchmarks'][number]>()
  for (const group of test.benchmarks()) {
    for (const task of group.tasks) {
      if (workloads.has(task.name) || task.fromStore === true) continue
      byName.set(JSON.stringify([group.name, task.name]), {
        name: task.name,
        meanMs: task.latency.mean,
        operationsPerSecond: task.throughput.mean,
        samples: task.latency.samplesCount,
      })
    }
  }
  return [...byName.values()]
}

function moduleErrors(module: TestModule, file: string, root: string): ErrorModel[] {
  const suites = [...module.children.allSuites()]
  return [...module.errors(), ...suites.flatMap((suite) => suite.errors())].map((error) => errorModel(error, root, file))
}

/** Where blobs of another machine are merged, the file's absolute path may lie outside this root. */
function fileOf(module: TestModule, root: string): string {
  const file = posix(relative(root, module.moduleId))
  return file.startsWith('..') ? posix(module.relativeModuleId) : file
}

function timesOf(test: TestCase): [start: number, end: number][] {
  const diagnostic = test.diagnostic()
  return diagnostic === undefined ? [] : [[diagnostic.startTime, diagnostic.startTime + diagnostic.duration]]
}

function earliest(times: readonly (readonly [number, number])[]): number {
  return times.length === 0 ? Date.now() : times.reduce((first, [start]) => Math.min(first, start), Number.POSITIVE_INFINITY)
}

/** The machine that sent the load; the server's is the user's to name. */
function machineFacts(): Record<string, string> {
  const model = cpus()[0]?.model.trim()
  const count = availableParallelism()
  return {
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    cpu: model ? `${count} × ${model}` : `${count} cores`,
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

import type { RunReport } from '../src/files/run-report.ts'
import type { Holding } from '../src/verdict/holding.ts'
import type { Verdict } from '../src/verdict/verdict.ts'

/** Everything that the reports of one `vitest bench` say: plain data, built once when the run ends. */
export interface RunModel {
  /** Name and version of this package. */
  generator: { name: string; version: string }
  vitestVersion: string
  /** ISO time. */
  startedAt: string
  durationMs: number
  /** Absolute path of Vitest's root; folders and files below are relative to it, with `/`. */
  root: string
  /** The results folder, relative to the root. */
  resultsFolder: string
  /** Whether the whole run was cut short (Ctrl-C, a crash). */
  partial: boolean
  /** What the user told of the environment, and what the machine tells of itself. */
  environment: Record<string, string>
  tests: TestModel[]
  /** Errors that belong to no test: unhandled ones, files that failed to load. */
  unhandledErrors: ErrorModel[]
}

/** One test of a bench file. */
export interface TestModel {
  /** Relative to the root, with `/`. */
  file: string
  line?: number
  project: string
  /** Names of the enclosing `describe`s. */
  suites: string[]
  name: string
  state: 'passed' | 'failed' | 'skipped' | 'pending'
  durationMs: number
  /** Passed, but only on a retry. */
  flaky: boolean
  attempts: number
  /** Errors of the last attempt (all attempts where it failed). */
  errors: ErrorModel[]
  runs: RunReport[]
  verdicts: Verdict[]
  holdings: Holding[]
  /** Ordinary Tinybench benchmarks: mean latency in ms and operations/s. */
  benchmarks: { name: string; meanMs: number; operationsPerSecond: number; samples: number }[]
}

export interface ErrorModel {
  name: string
  /** What went wrong, as a program can tell; of this package's own errors alone. */
  code?: string
  message: string
  /** First frame inside the root, `file:line:column`. */
  at?: string
  stack?: string
  /** `threshold`: a breached SLO; `run`: the run could not be measured; `other`: anything else. */
  cause: 'threshold' | 'run' | 'other'
  /** Of an error that belongs to no test: the bench file it comes from, where known. Relative to the root. */
  file?: string
}

import type { WorkloadSpec } from '../dsl/workload-spec.ts'
import type { BatchCase } from '../metrics/record.ts'
import type { RunMetrics } from '../metrics/summary-types.ts'
import type { Cohort } from '../verdict/cohort.ts'
import type { Holding } from '../verdict/holding.ts'
import type { Verdict } from '../verdict/verdict.ts'

/** Type of the artifact that carries a {@link RunReport} from the test process to the reporters. */
export const RUN_ARTIFACT = 'vitest-llm-bench:run'

/** Version of {@link RunReport} and of `summary.json`. */
export const REPORT_VERSION = 1

/** One run of one bench, as it leaves the test process. JSON-safe and free of secrets. */
export interface RunReport {
  version: typeof REPORT_VERSION
  /** Name given to `bench()`. */
  bench: string
  /** Retry attempt of the test, from 0. */
  attempt: number
  /** Redacted. */
  workload: WorkloadSpec
  workloadDigest: string
  /** What runs that are compared with this one must have in common with it. */
  cohort: Cohort
  /** What answered: kind, and what it says of itself. */
  target: TargetFacts
  metrics: RunMetrics
  /** Bench's folder, relative to the root, with `/`. */
  folder: string
  /** Start of the run as ISO time. */
  startedAt: string
  durationMs: number
  /** Whether the run was cut short. */
  partial: boolean
  /** Which of the bench's repeats it is, from 0; absent where the bench is run once. */
  repeat?: { index: number }
  notes: string[]
  /** Per-step times of a one-batch run. */
  cases?: BatchCase[]
}

export interface TargetFacts {
  kind: string
  /** Base URLs without secrets, or the engine's file; for people. */
  address?: string
  model?: string
  /** The server's or engine's own version, where it tells. */
  version?: string
  /** What an engine ran on, where it tells: a GPU's name. */
  device?: string
}

/** What the package keeps in Vitest's `task.meta`, and so in the built-in json report. */
export interface LlmBenchMeta {
  runs: MetaRun[]
  verdicts: Verdict[]
  /** What was held against a baseline or another bench. */
  holdings: Holding[]
}

/** A run's figures without what only our own files need. */
type MetaRun = Pick<RunReport, 'bench' | 'attempt' | 'metrics' | 'folder' | 'partial' | 'repeat'>

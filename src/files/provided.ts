import type { EngineSpec } from '../dsl/engines.ts'
import type { TargetSpec } from '../dsl/targets.ts'
import type { ValidityLimitsSpec } from '../dsl/validity.ts'

/** Key under which the plugin hands its settings to the test processes and reporters (Vitest's `provide`). */
export const PROVIDED_KEY = 'llmBench'

/** Where baselines are, and what is compared with them. */
interface BaselineSettings {
  /** Absolute. */
  readonly folder: string
  /** Runs that a baseline keeps. */
  readonly keep: number
  /** Axes of cohorts that are left out. */
  readonly ignore: readonly string[]
}

/** What the plugin provides. JSON-safe. */
export interface ProvidedSettings {
  /** Absolute. */
  readonly root: string
  /** Absolute path of this run's results folder. */
  readonly resultsFolder: string
  /** Folder that holds the results of all runs, absolute. */
  readonly resultsHome: string
  /** ISO time. */
  readonly startedAt: string
  /** Path of the socket on which test processes reach the plugin. */
  readonly controlPath: string
  readonly target?: TargetSpec | undefined
  readonly engine?: EngineSpec | undefined
  readonly environment: Readonly<Record<string, string>>
  /** Limits of validity that the plugin was given. */
  readonly validity: ValidityLimitsSpec
  readonly baselines: BaselineSettings
  /** What Vitest may write of what it compares with: nothing, what is missing, or (`-u`) everything. */
  readonly update: 'none' | 'new' | 'all'
  /** Whether `rollout_details.jsonl` holds texts. */
  readonly details: boolean
}

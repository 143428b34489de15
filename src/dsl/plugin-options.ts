import { z } from 'zod'
import { engineOption } from './engines.ts'
import type { EngineSpec } from './engines.ts'
import { boolean, nonEmptyString, parseOptions, wholeNumber } from './options.ts'
import { targetOption } from './targets.ts'
import type { TargetSpec } from './targets.ts'
import { validityOption } from './validity.ts'
import type { ValidityOptions } from './validity.ts'

/** Options of baselines. */
interface BaselineOptions {
  /** Folder for baselines, relative to Vitest's root (default: `benchmarks/baselines`). */
  folder?: string
  /** Runs that a baseline keeps, the newest (default: 10). */
  keep?: number
  /** Axes that may differ without it being another cohort: names of `environment`, or any axis such as `engine.flags`. */
  ignore?: string[]
}

/** Where results are kept where nothing is said of it. */
export const RESULTS_FOLDER = 'bench-results'

const baselineOptions = z.strictObject({
  folder: nonEmptyString.default('benchmarks/baselines'),
  keep: wholeNumber(1).default(10),
  ignore: z.array(nonEmptyString).default([]),
})

/** What holds where nothing is said of baselines. */
export const BASELINE_DEFAULTS = baselineOptions.parse({})

/** Options of the plugin. */
export interface LlmBenchOptions {
  /** Server for workloads that name none (default: `LLM_BENCH_BASE_URL` or `OPENAI_BASE_URL`, else the embedded engine). */
  target?: TargetSpec
  /** Engine for workloads that need one and name none (default: llama.cpp with the tiny model). */
  engine?: EngineSpec
  /** Folder for results, relative to Vitest's root (default: `bench-results`); `LLM_BENCH_RESULTS` comes first. */
  results?: string
  /** What the server can't tell of itself and a reader should know: GPU, driver, engine flags. */
  environment?: Record<string, string>
  /** How far the load generator may have disturbed a run that counts as valid; what a workload says itself comes first. */
  validity?: ValidityOptions
  /** Where baselines are kept, how many runs of each, and what they may differ in. */
  baselines?: BaselineOptions
  /** Keep texts in `rollout_details.jsonl` (default: true). */
  details?: boolean
  /** Add the junit, csv and json reporters by itself (default: true). */
  reporters?: boolean
}

const pluginOptions = z.strictObject({
  target: targetOption.optional(),
  engine: engineOption.optional(),
  results: nonEmptyString.default(RESULTS_FOLDER),
  environment: z.record(z.string(), z.string({ error: 'expected a text' })).default({}),
  validity: validityOption.default({}),
  baselines: baselineOptions.prefault({}),
  details: boolean.default(true),
  reporters: boolean.default(true),
})

export type ResolvedPluginOptions = z.output<typeof pluginOptions>

/** Checks the options of `llmBench()`. */
export function parsePluginOptions(options: LlmBenchOptions): ResolvedPluginOptions {
  return parseOptions(pluginOptions, options, 'llmBench()')
}

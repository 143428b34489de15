import { engineOption } from '../engines.ts'
import type { EngineSpec } from '../engines.ts'
import { boolean } from '../options.ts'
import { repeatsOption } from '../repeats.ts'
import type { RepeatOptions } from '../repeats.ts'
import { abortOnOption, warmupOption, workersOption } from '../run-control.ts'
import type { AbortOnOption, WarmupOption } from '../run-control.ts'
import { targetOption } from '../targets.ts'
import type { TargetSpec } from '../targets.ts'
import { validityOption } from '../validity.ts'
import type { ValidityOptions } from '../validity.ts'
import { samplingFields } from './sampling-options.ts'
import type { Rule, SamplingOptions } from './sampling-options.ts'

/** Options that every workload takes which sends requests one by one, to a server as a rule. */
export interface RequestOptions extends SamplingOptions, RepeatOptions {
  /** The server (default: the plugin's, then the environment's, then the embedded engine). */
  target?: TargetSpec
  /** A local engine instead of a server: no wire lies between. */
  engine?: EngineSpec
  /** Stream the answers (default: true). `false` measures E2E latency only. */
  stream?: boolean
  /** Threads that share the load (default: `'auto'`, as many as it needs and the cores allow). The requests are the same for any number. */
  workers?: 'auto' | number
  /** Requests before the clock starts, outside all figures and files: how many, or `{ duration }` (default: none). */
  warmup?: WarmupOption
  /**
   * Open connections, and run the client's own code until it is compiled, before the clock starts; the server generates nothing
   * for it (default: true).
   */
  preconnect?: boolean
  /** Ends a hopeless run early, as an error, with what was measured (default: never). */
  abortOn?: AbortOnOption
  /** How far the load generator may have disturbed a run that counts as valid (default: the plugin's limits). */
  validity?: ValidityOptions
}

/** The fields of {@link RequestOptions}, but for the dataset. */
export const requestFields = {
  ...samplingFields,
  repeats: repeatsOption,
  target: targetOption.optional(),
  engine: engineOption.optional(),
  stream: boolean.default(true),
  workers: workersOption.default('auto'),
  warmup: warmupOption.optional(),
  preconnect: boolean.default(true),
  abortOn: abortOnOption.optional(),
  validity: validityOption.optional(),
}

export const oneEnd: Rule<{ requests?: number | undefined; duration?: number | undefined }> = [
  ({ requests, duration }) => requests === undefined || duration === undefined,
  { error: 'expected only one of `requests` and `duration`', path: ['duration'] },
]

export const oneSubject: Rule<{ target?: TargetSpec | undefined; engine?: EngineSpec | undefined }> = [
  ({ target, engine }) => target === undefined || engine === undefined,
  { error: 'expected only one of `target` and `engine`', path: ['engine'] },
]

export const oneProcess: Rule<{ workers: 'auto' | number; engine?: EngineSpec | undefined }> = [
  ({ workers, engine }) => workers === 'auto' || engine === undefined,
  { error: 'applies to servers only: an engine is driven from its own process', path: ['workers'] },
]

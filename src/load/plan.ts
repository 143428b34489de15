import type { LiveTargetSpec } from '../dsl/targets.ts'
import type { EngineSpec } from '../dsl/engines.ts'
import type { WorkloadSpec } from '../dsl/workload-spec.ts'
import type { Progress } from '../metrics/progress.ts'
import type { RunRecord } from '../metrics/record.ts'

/** Everything that the load worker needs; crosses to its thread or process as a structured clone. */
export interface RunPlan {
  readonly workload: WorkloadSpec
  /** The live server to send to; absent for workloads on an engine. */
  readonly target?: LiveTargetSpec | undefined
  /** The engine to drive; absent for workloads on a server. */
  readonly engine?: EngineSpec | undefined
  /** `tokenizer.json` of the target or engine where it is known (the embedded one's); the workload's own comes first. */
  readonly tokenizer?: string | undefined
  /** Absolute folder that relative paths resolve against. */
  readonly root: string
  /** Absolute folder that the run's files go to; exists. */
  readonly folder: string
  /** Name of the bench, for messages and files. */
  readonly bench: string
  readonly workloadDigest: string
  /** Absolute folders of an incomplete earlier run to go on from (`resume`). */
  readonly resumeFrom?: string | undefined
}

/** Messages from the load worker. */
export type FromWorker =
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'done'; readonly record: RunRecord }
  | { readonly type: 'error'; readonly code: string; readonly message: string; readonly stack?: string | undefined }

/** Messages to the load worker. */
export type ToWorker = { readonly type: 'run'; readonly plan: RunPlan } | { readonly type: 'cancel' }

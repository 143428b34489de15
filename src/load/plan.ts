import type { LiveTargetSpec } from '../dsl/targets.ts'
import type { EngineSpec } from '../dsl/engines.ts'
import type { WorkloadSpec } from '../dsl/workload-spec.ts'
import { LlmBenchError, messageOf } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { Progress } from '../metrics/progress.ts'
import type { RunRecord } from '../metrics/record.ts'
import type { RecordPiece } from './record-pieces.ts'

/** Everything that the load worker needs; crosses to its process as a structured clone. */
export interface RunPlan {
  readonly workload: WorkloadSpec
  /** The live server to send to; absent where an engine is driven. */
  readonly target?: LiveTargetSpec | undefined
  /** The engine to drive; absent where there is a server. */
  readonly engine?: EngineSpec | undefined
  /** Whether the server runs on the machine that the load comes from, and has to share its cores with it. */
  readonly sharesMachine?: boolean | undefined
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

/** Messages from the load worker. A target of the user's own may send others by the same channel. */
export type FromWorker =
  | { readonly type: 'progress'; readonly progress: Progress }
  /** A part of what is left out of the record that follows. */
  | { readonly type: 'piece'; readonly piece: RecordPiece }
  | { readonly type: 'done'; readonly record: RunRecord }
  | { readonly type: 'error'; readonly error: WorkerError }

/** Messages to the load worker. */
export type ToWorker = { readonly type: 'run'; readonly plan: RunPlan } | { readonly type: 'cancel' }

/** An error on its way between workers. */
export interface WorkerError {
  readonly code: ErrorCode
  readonly message: string
  /** Where it happened, if it is one that nobody foresaw. */
  readonly stack?: string | undefined
}

/**
 * What a worker passes on of what it caught.
 * @param name which worker of which bench, for people
 */
export function workerError(error: unknown, name: string): WorkerError {
  if (!(error instanceof LlmBenchError)) {
    const stack = error instanceof Error ? error.stack : undefined
    return { code: 'RUN_FAILED', message: `${name} failed: ${messageOf(error)}`, stack }
  }
  const { code, message, cause } = error
  return { code, message, stack: code === 'RUN_FAILED' && cause instanceof Error ? cause.stack : undefined }
}

/** The error that a worker passed on. One that nobody foresaw has its place in that worker as its cause. */
export function errorOf({ code, message, stack }: WorkerError): LlmBenchError {
  if (stack === undefined) return new LlmBenchError(code, message)
  const cause = new Error(message)
  cause.stack = stack
  return new LlmBenchError(code, message, { cause })
}

import type { DatasetRow } from '../../datasets/dataset.ts'
import type { ServedWorkloadSpec } from '../../dsl/workload-spec.ts'
import type { BatchShare } from '../batch-sender.ts'
import type { LoadPart } from '../load-part.ts'
import type { RunPlan, WorkerError } from '../plan.ts'
import type { Share, SharedCells } from './shared-load.ts'

/** What a further worker starts with: all that the lead has prepared. */
export interface PeerSetup {
  /** For people: of which bench, and which of its workers. */
  readonly name: string
  readonly spec: ServedWorkloadSpec
  /** With the model filled in: the lead has asked the server. */
  readonly target: NonNullable<RunPlan['target']>
  readonly rows: readonly DatasetRow[]
  /** The clock's origin, the same in all workers. */
  readonly originNs: bigint
  readonly tokenizer: string | undefined
  readonly root: string
  readonly share: Share
  readonly cells: SharedCells
}

/** Messages to a further worker. */
export type ToPeer =
  /** All are ready: the load begins then. */
  | { readonly type: 'start'; readonly startNs: number }
  /** Send your share of this batch. */
  | { readonly type: 'batch'; readonly index: number; readonly scheduledNs: number }
  /** There are no more batches. */
  | { readonly type: 'noMore' }
  | { readonly type: 'cancel' }

/** Messages from a further worker. */
export type FromPeer =
  | { readonly type: 'ready' }
  | { readonly type: 'batch'; readonly share: BatchShare }
  /** `abortOn` ends the run. */
  | { readonly type: 'hopeless'; readonly reason: string }
  | { readonly type: 'done'; readonly part: LoadPart }
  | { readonly type: 'error'; readonly error: WorkerError }

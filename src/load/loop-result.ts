import type { BatchTime } from '../metrics/record.ts'
import type { RequestLog } from './request-log.ts'

/** What a loop leaves behind when its last request has ended. */
export interface LoopResult {
  readonly log: RequestLog
  /** Start and end of the load, in nanoseconds since the run's origin; absent where nothing was sent. */
  readonly span?: readonly [startNs: number, endNs: number] | undefined
  readonly steadyNs?: readonly [startNs: number, endNs: number] | undefined
  readonly batches?: readonly BatchTime[]
  /** By how much each request came up for sending later than scheduled, in ns; open loop. */
  readonly latenessNs?: Float64Array | undefined
  /** Whether rows of the dataset were used again. */
  readonly wrapped: boolean
  /** Whether the loop was cut short. */
  readonly partial: boolean
  readonly notes: readonly string[]
}

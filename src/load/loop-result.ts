import type { BatchTime } from '../metrics/record.ts'
import type { RequestLog } from './request-log.ts'

/** What one worker's loop leaves behind when its last request has ended. */
export interface LoopOutcome<Facts> {
  readonly log: RequestLog
  /** What the loop alone knows; plain data, which adds up with that of the other workers. */
  readonly facts: Facts
  /** When first tokens were read, in ns since the run's origin, where the log's rows do not tell: they may be of several workers. */
  readonly readNs?: Float64Array | undefined
}

/** First send and last response, in nanoseconds since the run's origin. */
export type Span = readonly [startNs: number, endNs: number]

/** What the loops of all workers come to. */
export interface LoopResult {
  /** Start and end of the load; absent where nothing was sent. */
  readonly span?: Span | undefined
  readonly steadyNs?: Span | undefined
  readonly batches?: readonly BatchTime[]
  /** By how much each request came up for sending later than scheduled, in ns; open loop. */
  readonly latenessNs?: Float64Array | undefined
  /** Whether rows of the dataset were used again. */
  readonly wrapped: boolean
  /** Whether the loop was cut short. */
  readonly partial: boolean
  readonly notes: readonly string[]
}

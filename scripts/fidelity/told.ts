import type { ClientFacts } from '../../src/metrics/record.ts'
import type { ValidityVerdict } from '../../src/metrics/validity.ts'
import type { Load } from './load.ts'

/** One request as a client saw it; times in ns since the client's origin, NaN (null in JSON) where there was none. */
export type ToldRequest = readonly [
  id: number,
  client: number,
  scheduledNs: number | null,
  sentNs: number,
  firstNs: number | null,
  lastNs: number | null,
  tokens: number,
]

/** What a client tells of its run. */
export interface Told {
  /** The client's origin on the monotonic clock. */
  readonly originNs: string
  /** Of the thread that put the load, and of the whole process meanwhile. */
  readonly threadCpuMicros: number
  readonly processCpuMicros: number
  readonly wallSeconds: number
  readonly errors: readonly unknown[]
  readonly requests: readonly ToldRequest[]
  /** What it measured of itself, and how that was judged; absent where it does neither. */
  readonly client?: (ClientFacts & ValidityVerdict) | undefined
}

/** What the client's process says to who started it. */
export type FromClient = { readonly type: 'load' } | { readonly type: 'told'; readonly told: Told }

/** What the client's process is to do. */
export interface ClientTask {
  /** Folder of the build whose code puts the load. */
  readonly build: string
  readonly port: number
  readonly load: Load
}

import type { ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import type { Driver } from './driver.ts'
import { callsOfBatch } from './pool/worker-count.ts'
import { rehearse } from './rehearsal.ts'

/** Clients that start later than this open their connections themselves: servers close those that rest too long. */
const AHEAD_SECONDS = 2
/** Of an open loop: how many requests will be in flight is not known beforehand. */
const MOST_CONNECTIONS = 256

/** How a load begins. */
interface Readiness {
  /** Connections that wait for requests; absent where the target can't tell. */
  readonly openedAhead?: number | undefined
  readonly isRehearsed: boolean
}

/** Makes a worker and its way to the server ready before the clock starts, without asking the server for a token. */
export async function makeReady(driver: Driver<ServedWorkloadSpec>): Promise<Readiness> {
  const { spec, target, progress, shared, signal } = driver
  const isRehearsed = await rehearse(driver)
  if (target.openAhead === undefined) return { isRehearsed }
  progress.phase = 'connecting'
  const { index, of } = shared.share
  return { openedAhead: await target.openAhead(Math.ceil((connectionsFor(spec) - index) / of), signal), isRehearsed }
}

/** Requests in flight soon after the load has begun, as far as the workload says. */
function connectionsFor(spec: ServedWorkloadSpec): number {
  if (spec.kind === 'clients') return spec.rampUp <= AHEAD_SECONDS ? spec.n : Math.ceil((spec.n * AHEAD_SECONDS) / spec.rampUp)
  if (spec.kind === 'rollout') return Math.min(callsOfBatch(spec), spec.maxConcurrency)
  return Math.min(Math.ceil(spec.rate), spec.maxConcurrency ?? Infinity, MOST_CONNECTIONS)
}

import type { ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import type { Driver } from './driver.ts'
import { callsOfBatch } from './pool/worker-count.ts'
import { rehearse } from './rehearsal.ts'

/** Clients that start later than this open their connections themselves: servers close those that rest too long. */
const AHEAD_SECONDS = 2
/** Of an open loop: how many requests will be in flight is not known beforehand. */
const MOST_CONNECTIONS = 256

/**
 * Makes a worker's way to the server ready before the clock starts, without asking the server for a token.
 * @returns how many connections wait for requests; absent where the target can't tell
 */
export async function makeReady(driver: Driver<ServedWorkloadSpec>): Promise<number | undefined> {
  const { spec, target, progress, shared, signal } = driver
  progress.phase = 'connecting'
  await rehearse(driver)
  const { index, of } = shared.share
  return target.openAhead?.(Math.ceil((connectionsFor(spec) - index) / of), signal)
}

/** Requests in flight soon after the load has begun, as far as the workload says. */
function connectionsFor(spec: ServedWorkloadSpec): number {
  if (spec.kind === 'clients') return spec.rampUp <= AHEAD_SECONDS ? spec.n : Math.ceil((spec.n * AHEAD_SECONDS) / spec.rampUp)
  if (spec.kind === 'rollout') return Math.min(callsOfBatch(spec), spec.maxConcurrency)
  return Math.min(Math.ceil(spec.rate), spec.maxConcurrency ?? Infinity, MOST_CONNECTIONS)
}

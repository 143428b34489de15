import { setMaxListeners } from 'node:events'
import type { ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import { BatchSender, callsOf } from './batch-sender.ts'
import { closedLoop } from './closed-loop.ts'
import type { Driver } from './driver.ts'
import { FailureWatch } from './failure-watch.ts'
import { openLoop } from './open-loop.ts'
import { SharedLoad, sharedCells } from './pool/shared-load.ts'
import { ProgressMeter } from './progress-meter.ts'
import { preparePrompts } from './prompts.ts'

/** The most time that is spent on it. */
const BUDGET_MS = 1000
/** Requests of a first pass, which is the load in short: what it has compiled of functions within others is for these alone. */
const FIRST = 20
/** Requests of a second one, and how many make it a rehearsal. */
const SECOND = 400
const ENOUGH = 200
/** Of a closed loop, requests in flight; of an open one, requests a second, and the most that are in flight. */
const LANES = 16
const RATE = 1500
const MOST_IN_FLIGHT = 64

/**
 * Sends a load like the one to come to a stand-in of the server in this thread. What sends requests and reads answers is compiled
 * by the time the load begins, when else its first seconds would wait for that. Never rejects: what fails here begins with cold code.
 *
 * Where answers come as wholes there is no token whose time could come out wrong, and nothing is rehearsed.
 * @returns whether all that the load does for each request and token has been done often
 */
export async function rehearse(driver: Driver<ServedWorkloadSpec>): Promise<boolean> {
  const { spec, target, progress, signal } = driver
  if (!spec.stream || target.standIn === undefined) return false
  progress.phase = 'connecting'
  const ends = AbortSignal.any([signal, AbortSignal.timeout(BUDGET_MS)])
  try {
    // Each with a stand-in of its own: what is compiled for one alone does not serve the load's.
    await rehearseOnce(driver, shortened(spec), FIRST, ends)
    return !ends.aborted && (await rehearseOnce(driver, lengthened(spec), SECOND, ends))
  } catch {
    return false
  }
}

/** @returns whether that was enough */
async function rehearseOnce(
  driver: Driver<ServedWorkloadSpec>,
  spec: ServedWorkloadSpec,
  requests: number,
  ends: AbortSignal,
): Promise<boolean> {
  const { dataset, clock } = driver
  const progress = new ProgressMeter()
  const cells = sharedCells(1)
  const failures = new FailureWatch({ consecutive: LANES }, cells.failures)
  const signal = AbortSignal.any([ends, failures.signal])
  // Every request in flight listens.
  setMaxListeners(0, signal)
  const { target, isReachedAlike } = await driver.target.standIn!(progress.tokenCounter())
  try {
    // Objects have the properties of the load's own, in their order: what is compiled for others is compiled once more.
    await sendLoad(spec, {
      ...driver,
      dataset: { ...dataset, rows: Array.from({ length: requests }, (_, i) => dataset.rows[i % dataset.rows.length]!) },
      target,
      progress,
      failures,
      shared: new SharedLoad({ index: 0, of: 1 }, cells),
      signal,
      start: () => Promise.resolve(clock.now()),
    })
  } finally {
    await target.close()
  }
  if (failures.reason !== undefined) throw new Error(failures.reason)
  return isReachedAlike && progress.completed >= ENOUGH
}

async function sendLoad(spec: ServedWorkloadSpec, driver: Driver<ServedWorkloadSpec>): Promise<void> {
  if (spec.kind === 'clients') await closedLoop({ ...driver, spec })
  else if (spec.kind === 'requestRate') await openLoop({ ...driver, spec })
  else await new BatchSender({ ...driver, spec }).send(callsOf(spec, preparePrompts(driver.dataset), 0), driver.clock.now())
}

/** The load itself, for a moment. */
function shortened(spec: ServedWorkloadSpec): ServedWorkloadSpec {
  if (spec.kind === 'rollout') return { ...spec, batch: FIRST, n: 1, maxConcurrency: LANES }
  const end = spec.duration === undefined ? { requests: FIRST } : { duration: FIRST / RATE }
  if (spec.kind === 'clients') return { ...spec, n: LANES, rampUp: 0, thinkTime: 0, ...end }
  return { ...spec, rate: RATE, ...end }
}

/** The load with as many requests as a rehearsal takes, whatever ends it. */
function lengthened(spec: ServedWorkloadSpec): ServedWorkloadSpec {
  if (spec.kind === 'rollout') return { ...spec, batch: SECOND, n: 1, maxConcurrency: LANES }
  const end = { requests: SECOND, duration: undefined }
  if (spec.kind === 'clients') return { ...spec, n: LANES, rampUp: 0, thinkTime: 0, stopAfter: undefined, ...end }
  return { ...spec, rate: RATE, maxConcurrency: Math.min(spec.maxConcurrency ?? Infinity, MOST_IN_FLIGHT), ...end }
}

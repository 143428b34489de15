import { setMaxListeners } from 'node:events'
import type { ClientsSpec, RequestRateSpec, RolloutSpec, ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import type { Target } from '../targets/target.ts'
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
/** Requests of each pass. What the first one has compiled of functions within others is for these alone, and serves no others. */
const PASSES = [20, 400] as const
/** Of a closed loop, requests in flight; of an open one, requests a second. */
const LANES = 16
const RATE = 1500

/** Whether a workload can be rehearsed: where answers come as wholes there is no token whose time could come out wrong. */
export function isRehearsable({ stream }: Pick<ServedWorkloadSpec, 'stream'>, target: Target): boolean {
  return stream && target.standIn !== undefined
}

/**
 * Sends a load like the one to come to a stand-in of the server in this thread. What sends requests and reads answers is compiled
 * by the time the load begins, when else its first seconds would wait for that. Never rejects: what fails here begins with cold code.
 */
export async function rehearse(driver: Driver<ServedWorkloadSpec>): Promise<void> {
  if (!isRehearsable(driver.spec, driver.target)) return
  const time = AbortSignal.timeout(BUDGET_MS)
  try {
    // Each with a stand-in of its own: what is compiled for one alone does not serve the load's.
    for (const requests of PASSES) await rehearseOnce(driver, requests, time)
  } catch {
    // Of no consequence.
  }
}

async function rehearseOnce(driver: Driver<ServedWorkloadSpec>, requests: number, time: AbortSignal): Promise<void> {
  const progress = new ProgressMeter()
  const target = await driver.target.standIn!(progress.tokenCounter())
  try {
    await sendLoad(driver, { target, progress }, requests, time)
  } finally {
    await target.close()
  }
}

async function sendLoad(
  driver: Driver<ServedWorkloadSpec>,
  { target, progress }: Pick<Driver, 'target' | 'progress'>,
  requests: number,
  time: AbortSignal,
): Promise<void> {
  const { spec, dataset, clock } = driver
  const cells = sharedCells(1)
  const failures = new FailureWatch({ consecutive: LANES }, cells.failures)
  const signal = AbortSignal.any([driver.signal, time, failures.signal])
  // Every request in flight listens.
  setMaxListeners(0, signal)
  // Objects have the properties of the load's own, in their order: what is compiled for others is compiled once more.
  const rehearsed = {
    ...driver,
    dataset: { ...dataset, rows: Array.from({ length: requests }, (_, i) => dataset.rows[i % dataset.rows.length]!) },
    target,
    progress,
    failures,
    shared: new SharedLoad({ index: 0, of: 1 }, cells),
    signal,
    start: () => Promise.resolve(clock.now()),
  }
  if (spec.kind === 'clients') await closedLoop({ ...rehearsed, spec: clientsOf(spec, requests) })
  else if (spec.kind === 'requestRate') await openLoop({ ...rehearsed, spec: rateOf(spec, requests) })
  else await sendBatch({ ...rehearsed, spec: { ...spec, batch: requests, n: 1, maxConcurrency: LANES } })
}

function clientsOf(spec: ClientsSpec, requests: number): ClientsSpec {
  return { ...spec, n: LANES, rampUp: 0, thinkTime: 0, ...endedBy(spec, requests) }
}

function rateOf(spec: RequestRateSpec, requests: number): RequestRateSpec {
  return { ...spec, rate: RATE, ...endedBy(spec, requests) }
}

/** What ends a pass, by the option that ends the load. */
function endedBy({ duration }: { readonly duration?: number | undefined }, requests: number): { requests: number } | { duration: number } {
  return duration === undefined ? { requests } : { duration: requests / RATE }
}

async function sendBatch(driver: Driver<RolloutSpec>): Promise<void> {
  const { spec, dataset, clock } = driver
  await new BatchSender(driver).send(callsOf(spec, preparePrompts(dataset), 0), clock.now())
}

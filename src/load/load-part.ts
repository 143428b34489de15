import { buffersOf } from '../metrics/columns.ts'
import { clientPart, readTimes } from './client-facts.ts'
import type { ClientPart } from './client-facts.ts'
import { ClientMeter } from './client-meter.ts'
import type { MeteredClient } from './client-meter.ts'
import type { ClosedFacts } from './closed-loop.ts'
import type { Driver } from './driver.ts'
import type { ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import type { LoopOutcome } from './loop-result.ts'
import { makeReady } from './make-ready.ts'
import type { OpenFacts } from './open-loop.ts'
import { requestPart } from './request-part.ts'
import type { RequestPart } from './request-part.ts'
import type { RolloutFacts } from './rollout.ts'

/** What a loop knows; each kind of workload has its own. */
type LoopFacts = ClosedFacts | OpenFacts | RolloutFacts

/** What one worker hands over of a load on a server; plain data. */
export interface LoadPart<Facts = LoopFacts> extends RequestPart {
  readonly facts: Facts
  readonly client: ClientPart
  readonly targetNotes: readonly string[]
}

/**
 * Sends one worker's share of a load and puts together what it hands over. The worker measures itself meanwhile.
 * @param loop prepares, waits for `driver.start`, and sends
 */
export async function runShare<D extends Driver<ServedWorkloadSpec>, Facts>(
  driver: D,
  loop: (driver: D) => Promise<LoopOutcome<Facts>>,
): Promise<LoadPart<Facts>> {
  const { clock, progress, counter, target, spec } = driver
  let meter: ClientMeter | undefined
  let metered: MeteredClient | undefined
  let openedAhead: number | undefined
  const start = async (): Promise<number> => {
    // The load begins once all workers have come so far.
    const ready = spec.preconnect ? await makeReady(driver) : undefined
    openedAhead = ready?.openedAhead
    const startNs = await driver.start(ready?.isRehearsed)
    meter = new ClientMeter(clock, (nowNs) => (progress.inFlight > 0 ? nowNs : progress.lastEndNs))
    return startNs
  }
  const { log, facts, readNs } = await loop({ ...driver, start }).finally(() => {
    metered = meter?.stop()
  })
  if (metered === undefined) throw new Error('the loop ended without having started')
  const requests = await requestPart(log, counter, progress)
  progress.phase = 'done'
  return {
    ...requests,
    facts,
    client: clientPart({ ...metered, openedAhead }, readNs ?? readTimes(requests.columns, spec.stream)),
    targetNotes: target.notes,
  }
}

/** The buffers of a part, for transfer to another thread without a copy. */
export function partBuffers({ columns, client, facts }: LoadPart): ArrayBuffer[] {
  const lateness = 'latenessNs' in facts ? [facts.latenessNs.buffer as ArrayBuffer] : []
  return [...buffersOf(columns), client.lagMs.buffer as ArrayBuffer, ...lateness]
}

import type { Clock } from '../metrics/clock.ts'
import { Timekeeper } from '../timekeeper.ts'
import { GapCollector } from './gap-collector.ts'
import type { ConcurrencyGate } from './pool/concurrency-gate.ts'
import type { Share } from './pool/shared-load.ts'

/** Numbered requests, of which a worker sends every `of`-th. */
export interface Dispatch {
  readonly count: number
  readonly share: Share
  readonly dueNs: (i: number) => number
  readonly gate: ConcurrencyGate
  readonly clock: Clock
  readonly send: (i: number) => Promise<void>
  /** Told of each request that comes up, and how late that is. */
  readonly onDue?: (lateNs: number) => void
  readonly signal: AbortSignal
}

/** Sends each of this worker's requests as soon as it is due and the gate lets it; resolves when all that were sent have ended. */
export function dispatch({ count, share, dueNs, gate, clock, send, onDue, signal }: Dispatch): Promise<void> {
  return new Promise((resolve, reject) => {
    let due = share.index
    let next = share.index
    let inFlight = 0
    const times = new Timekeeper(clock, { exact: true })
    const garbage = new GapCollector(clock)

    const settle = (): void => {
      if (inFlight > 0 || (next < count && !signal.aborted)) return
      signal.removeEventListener('abort', cancel)
      times.close()
      resolve()
    }
    const sendNext = async (i: number): Promise<void> => {
      await send(i)
      inFlight--
      // What is given up makes no room: the other workers hear of the cancel a little later.
      if (!signal.aborted) gate.end()
      sendDue()
    }
    const sendDue = (): void => {
      while (next < due && !signal.aborted && gate.allows(next)) {
        inFlight++
        sendNext(next).catch(reject)
        next += share.of
      }
      if (next < due && !signal.aborted) waitForGate().catch(reject)
      settle()
    }
    let waiting = false
    const waitForGate = async (): Promise<void> => {
      if (waiting) return
      waiting = true
      const opening = gate.opening(next)
      if (opening === undefined) return
      await opening
      waiting = false
      sendDue()
    }
    const tick = (): void => {
      const time = clock.now()
      while (due < count && dueNs(due) <= time) {
        onDue?.(time - dueNs(due))
        due += share.of
      }
      sendDue()
      if (due >= count || signal.aborted) return
      garbage.collectBefore(dueNs(due))
      times.add({ dueNs: dueNs(due), place: -1, due: tick })
    }
    const cancel = (): void => {
      times.close()
      settle()
    }
    signal.addEventListener('abort', cancel)
    tick()
  })
}

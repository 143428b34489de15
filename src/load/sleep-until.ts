import type { Clock } from '../metrics/clock.ts'
import type { Timekeeper } from '../timekeeper.ts'

/** Resolves once the clock of the timekeeper has reached `atNs`, or the signal is aborted. */
export function sleepUntil(times: Timekeeper, clock: Clock, atNs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || atNs <= clock.now()) return resolve()
    const end = (): void => {
      times.remove(awaited)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const awaited = { dueNs: atNs, place: -1, due: end }
    times.add(awaited)
    signal.addEventListener('abort', end)
  })
}

import type { Clock } from '../metrics/clock.ts'

/** Below this, a timer of whole milliseconds would come later than turning the event loop does. */
const CLOSE_NS = 0.5e6

/**
 * Calls `callback` once the clock has reached `atNs`, never before; cancelled by the function that it returns. Each call
 * aims at an absolute time, so that lateness does not add up. The last half millisecond goes by in turns of the event
 * loop, in which sockets are served as usual.
 */
export function callAt(clock: Clock, atNs: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  let immediate: NodeJS.Immediate | undefined
  const wait = (): void => {
    const left = atNs - clock.now()
    if (left <= 0) return callback()
    if (left <= CLOSE_NS) immediate = setImmediate(wait)
    else timer = setTimeout(wait, Math.min(left / 1e6, 2 ** 31 - 1))
  }
  // Not at once even where the time has come: a caller that waits for one time after another would call itself.
  immediate = setImmediate(wait)
  return () => {
    clearTimeout(timer)
    clearImmediate(immediate)
  }
}

/** Resolves once the clock has reached `atNs`, or the signal is aborted. */
export function sleepUntil(clock: Clock, atNs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || atNs <= clock.now()) return resolve()
    const end = (): void => {
      stop()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const stop = callAt(clock, atNs, end)
    signal.addEventListener('abort', end)
  })
}

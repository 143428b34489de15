import { onTestFinished } from 'vitest'

const TICK_MS = 2
/** Shorter ones are in any bound. */
const SHORTEST_MS = 10

/**
 * Watches how long this thread stands still, because something else has the machine or because it computes: what is asked to happen
 * in time can be later by that much, and by no more.
 * @returns all of it until now, in ms
 */
export function watchStalls(): () => number {
  let totalMs = 0
  let last = performance.now()
  const look = (): number => {
    const now = performance.now()
    if (now - last > SHORTEST_MS) totalMs += now - last
    last = now
    return totalMs
  }
  const timer = setInterval(look, TICK_MS)
  onTestFinished(() => clearInterval(timer))
  return look
}

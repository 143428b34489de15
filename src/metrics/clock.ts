/** A run's clock: nanoseconds since its origin, as numbers (exact for 104 days from the origin). */
export interface Clock {
  /** The origin on the clock of `process.hrtime.bigint()`. */
  readonly originNs: bigint
  /** Nanoseconds since the origin; allocates nothing. */
  now(): number
}

/** Starts a clock; its origin is now, or the given moment. */
export function startClock(originNs: bigint = process.hrtime.bigint()): Clock {
  // performance.now() reads the same monotonic clock as hrtime without making a BigInt for each reading.
  const offsetMs = offsetFrom(originNs)
  return { originNs, now: () => (performance.now() - offsetMs) * 1e6 }
}

const READINGS = 8

/** What performance.now() shows at the origin, from the closest pair of readings: a thread may lose its core between two. */
function offsetFrom(originNs: bigint): number {
  let offsetMs = 0
  let closestMs = Infinity
  for (let i = 0; i < READINGS; i++) {
    const beforeMs = performance.now()
    const nowNs = process.hrtime.bigint()
    const apartMs = performance.now() - beforeMs
    if (apartMs >= closestMs) continue
    closestMs = apartMs
    offsetMs = beforeMs + apartMs / 2 - Number(nowNs - originNs) / 1e6
  }
  return offsetMs
}

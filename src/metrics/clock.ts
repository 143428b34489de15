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
  const nowNs = process.hrtime.bigint()
  const offsetMs = performance.now() - Number(nowNs - originNs) / 1e6
  return { originNs, now: () => (performance.now() - offsetMs) * 1e6 }
}

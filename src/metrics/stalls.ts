/**
 * When the client's event loop stood still: it was busy, collecting garbage, or had no core. Each stall is three times in a
 * row, in nanoseconds since the run's origin: when the next sign of life was due, when it came, and the end of the
 * socket reads that followed at once, up to which bytes are read that came during the stall.
 */
export type Stalls = Float64Array

const ENTRIES = 3

/** Collects stalls as they are noticed. */
export class StallLog {
  #stalls = new Float64Array(ENTRIES * 256)
  #length = 0

  add(dueNs: number, backNs: number): void {
    if (this.#length === this.#stalls.length) {
      const larger = new Float64Array(2 * this.#length)
      larger.set(this.#stalls)
      this.#stalls = larger
    }
    this.#stalls.set([dueNs, backNs, backNs], this.#length)
    this.#length += ENTRIES
  }

  /** The reads after the last stall have been done. */
  caughtUp(nowNs: number): void {
    if (this.#length > 0) this.#stalls[this.#length - 1] = nowNs
  }

  finish(): Stalls {
    return this.#stalls.slice(0, this.#length)
  }
}

/**
 * How long bytes that were read at `readNs` can have lain unread at most, in ms: they came after the beginning of the
 * stall during which, or right after which, they were read. 0 where there was no stall.
 */
export function lagAt(stalls: Stalls, readNs: number): number {
  // Stalls follow one another: the first whose reads end at or after this moment is the earliest that can hold it.
  let from = 0
  let to = stalls.length / ENTRIES
  while (from < to) {
    const middle = (from + to) >>> 1
    if (stalls[middle * ENTRIES + 2]! < readNs) from = middle + 1
    else to = middle
  }
  const startNs = stalls[from * ENTRIES]
  return startNs !== undefined && startNs < readNs ? (readNs - startNs) / 1e6 : 0
}

/** How many stalls there were, the longest and all together, in ms. */
export function stallTotals(stalls: Stalls): { count: number; longestMs: number; totalMs: number } {
  let longestMs = 0
  let totalMs = 0
  for (let i = 0; i < stalls.length; i += ENTRIES) {
    const ms = (stalls[i + 1]! - stalls[i]!) / 1e6
    longestMs = Math.max(longestMs, ms)
    totalMs += ms
  }
  return { count: stalls.length / ENTRIES, longestMs, totalMs }
}

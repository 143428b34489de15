import { getHeapStatistics } from 'node:v8'
import type { Clock } from '../metrics/clock.ts'

/** The least that a collection of young objects is thought to take. */
const SHORTEST_NS = 1e6
/** How much longer than a collection a gap has to be. */
const MARGIN = 1.5
/** Of what V8 lets gather, about half. */
const WORTHWHILE_BYTES = 2 ** 20

/**
 * Collects young objects while nothing is due, so that V8 need not do so just when a request is: each of its collections holds up
 * whatever comes due meanwhile. Does nothing where Node doesn't let garbage be collected at will (`--expose-gc`).
 */
export class GapCollector {
  readonly #clock: Clock
  /** What is in use when all young objects have been collected, as far as is known. */
  #leastBytes = Infinity
  /** How long the last two took: one alone may have been interrupted. */
  #lastNs = SHORTEST_NS
  #oneBeforeNs = SHORTEST_NS
  #isPlanned = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Collects, where that is worth it and done before something is due, once what has been sent is on its way. */
  collectBefore(dueNs: number): void {
    if (this.#isPlanned || globalThis.gc === undefined || !this.#fits(dueNs) || !this.#isWorthwhile()) return
    this.#isPlanned = true
    // Not every connection writes at once.
    setImmediate(() => {
      this.#isPlanned = false
      if (this.#fits(dueNs)) this.#collect()
    })
  }

  #fits(dueNs: number): boolean {
    return dueNs - this.#clock.now() >= MARGIN * Math.max(SHORTEST_NS, Math.min(this.#lastNs, this.#oneBeforeNs))
  }

  #isWorthwhile(): boolean {
    const bytes = getHeapStatistics().used_heap_size
    this.#leastBytes = Math.min(this.#leastBytes, bytes)
    return bytes - this.#leastBytes >= WORTHWHILE_BYTES
  }

  #collect(): void {
    const startNs = this.#clock.now()
    globalThis.gc!({ type: 'minor' })
    this.#oneBeforeNs = this.#lastNs
    this.#lastNs = this.#clock.now() - startNs
    this.#leastBytes = getHeapStatistics().used_heap_size
  }
}

import { getHeapStatistics } from 'node:v8'

/** A collection of young objects takes about 1 ms. */
const SHORTEST_GAP_NS = 1.5e6
/** Of what V8 lets gather, about half. */
const WORTHWHILE_BYTES = 2 ** 20

/**
 * Collects young objects while nothing is due, so that V8 need not do so just when a request is: each of its collections holds up
 * whatever comes due meanwhile. Does nothing where Node doesn't let garbage be collected at will (`--expose-gc`).
 */
export class GapCollector {
  /** What is in use when all young objects have been collected, as far as is known. */
  #leastBytes = Infinity

  /** @param gapNs until something is due */
  collect(gapNs: number): void {
    if (gapNs < SHORTEST_GAP_NS || globalThis.gc === undefined) return
    const bytes = getHeapStatistics().used_heap_size
    this.#leastBytes = Math.min(this.#leastBytes, bytes)
    if (bytes - this.#leastBytes < WORTHWHILE_BYTES) return
    globalThis.gc({ type: 'minor' })
    this.#leastBytes = getHeapStatistics().used_heap_size
  }
}

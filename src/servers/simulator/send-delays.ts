/** Width of a bucket in ms, and how many there are: what is later counts in the last one. */
const BUCKET_MS = 0.01
const BUCKETS = 100_000

/** How late writes were against their plan, counted in buckets of 10 µs up to a second. */
export class SendDelays {
  readonly #counts = new Uint32Array(BUCKETS)
  #total = 0
  #max = 0

  add(ms: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(ms / BUCKET_MS)))
    this.#counts[bucket]!++
    this.#total++
    if (ms > this.#max) this.#max = ms
  }

  /** Upper bounds in ms; undefined where nothing was sent. */
  summary(): { readonly count: number; readonly p50?: number; readonly p99?: number; readonly max?: number } {
    if (this.#total === 0) return { count: 0 }
    return { count: this.#total, p50: this.#percentile(0.5), p99: this.#percentile(0.99), max: this.#max }
  }

  #percentile(share: number): number {
    let left = Math.ceil(this.#total * share)
    let bucket = 0
    while ((left -= this.#counts[bucket]!) > 0) bucket++
    return Math.round((bucket + 1) * BUCKET_MS * 100) / 100
  }
}

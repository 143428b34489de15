/**
 * Lets numbered requests go strictly in order, at most `max` at a time, over all workers: request i may be sent once
 * i − max + 1 requests have ended. Each worker sends its own numbers in ascending order, so that the lowest one that is held
 * back never waits for a higher one.
 */
export class ConcurrencyGate {
  readonly #ended: Int32Array
  readonly #max: number
  readonly #shared: boolean

  /** @param shared whether other workers' ends open the gate, too */
  constructor(ended: Int32Array, max: number, shared: boolean) {
    this.#ended = ended
    this.#max = max
    this.#shared = shared && max < Infinity
  }

  allows(i: number): boolean {
    return Atomics.load(this.#ended, 0) > i - this.#max
  }

  /** One of this worker's requests has ended. */
  end(): void {
    Atomics.add(this.#ended, 0, 1)
    if (this.#shared) Atomics.notify(this.#ended, 0)
  }

  /** Resolves once request i may be sent, or sooner; undefined where only this worker's own requests can open the gate. */
  opening(i: number): Promise<unknown> | undefined {
    if (!this.#shared) return undefined
    const seen = Atomics.load(this.#ended, 0)
    if (seen > i - this.#max) return Promise.resolve()
    const change = Atomics.waitAsync(this.#ended, 0, seen)
    return change.async ? change.value : Promise.resolve()
  }

  /** Counts anew; only while nothing is in flight. */
  reset(): void {
    Atomics.store(this.#ended, 0, 0)
  }
}

import type { Failure } from './failure.ts'

/** An exchange that can be ended from outside. */
interface Running {
  fail(failure: Failure): void
}

/** How an exchange ends that the run has given up. */
export const CANCELLED: Failure = { kind: 'cancelled', message: 'the run was cancelled' }

/** Exchanges under way; they fail as cancelled when their signal aborts. */
export class UnderWay {
  readonly #all = new Set<Running>()
  /** One listener a signal for all exchanges, since adding and removing listeners takes longer the more there are. */
  readonly #bySignal = new WeakMap<AbortSignal, Set<Running>>()

  add(running: Running, signal: AbortSignal): void {
    this.#all.add(running)
    this.#watched(signal).add(running)
  }

  delete(running: Running, signal: AbortSignal): void {
    this.#all.delete(running)
    this.#bySignal.get(signal)?.delete(running)
  }

  cancelAll(): void {
    for (const running of this.#all) running.fail(CANCELLED)
  }

  #watched(signal: AbortSignal): Set<Running> {
    const known = this.#bySignal.get(signal)
    if (known !== undefined) return known
    const exchanges = new Set<Running>()
    this.#bySignal.set(signal, exchanges)
    signal.addEventListener('abort', () => exchanges.forEach((running) => running.fail(CANCELLED)), { once: true })
    return exchanges
  }
}

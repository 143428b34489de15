import type { Clock } from '../../metrics/clock.ts'
import type { Failure } from './failure.ts'

const LONGEST_TIMER_MS = 2 ** 31 - 1

/** What an exchange is waiting for, in words. */
export interface Lacking {
  /** `'no answer'` */
  readonly what: string
  /** Ends the sentence. */
  readonly hint?: string
}

/**
 * The two time-outs of an exchange: seconds for the whole of it and, from the first bytes of the answer on, seconds without a
 * byte. No timer is touched when bytes come: the one timer looks when it fires, and sets itself anew for what is left.
 */
export class TimeLimits {
  readonly #clock: Clock
  readonly #timeout: number
  readonly #idleTimeout: number
  readonly #expired: (failure: Failure) => void
  readonly #lacking: () => Lacking
  readonly #startNs: number
  #timer: NodeJS.Timeout
  #lastReadNs = Number.NaN
  #stopped = false

  /**
   * @param expired called at most once
   * @param lacking for the message of the whole time-out
   */
  constructor(clock: Clock, timeout: number, idleTimeout: number, expired: (failure: Failure) => void, lacking: () => Lacking) {
    this.#clock = clock
    this.#timeout = timeout
    this.#idleTimeout = idleTimeout
    this.#expired = expired
    this.#lacking = lacking
    this.#startNs = clock.now()
    this.#timer = this.#startTimer(timeout * 1e3)
  }

  /** Bytes of the answer were read at this time. */
  read(readNs: number): void {
    const first = Number.isNaN(this.#lastReadNs)
    this.#lastReadNs = readNs
    if (!first || this.#stopped) return
    clearTimeout(this.#timer)
    this.#timer = this.#startTimer(this.#remainingMs(readNs))
  }

  /** When bytes were last read; undefined where none were. */
  get lastReadNs(): number | undefined {
    return Number.isNaN(this.#lastReadNs) ? undefined : this.#lastReadNs
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #startTimer(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#onTimer(), Math.min(Math.max(1, Math.ceil(delayMs)), LONGEST_TIMER_MS))
  }

  #remainingMs(nowNs: number): number {
    const whole = this.#timeout * 1e3 - (nowNs - this.#startNs) / 1e6
    return Number.isNaN(this.#lastReadNs) ? whole : Math.min(whole, this.#idleTimeout * 1e3 - (nowNs - this.#lastReadNs) / 1e6)
  }

  #onTimer(): void {
    const remaining = this.#remainingMs(this.#clock.now())
    if (remaining > 0) {
      this.#timer = this.#startTimer(remaining)
      return
    }
    // Bytes may be waiting where this process was late itself: they are read before the time-out is believed.
    setImmediate(() => {
      if (this.#stopped) return
      const nowNs = this.#clock.now()
      if (this.#remainingMs(nowNs) > 0) this.#onTimer()
      else this.#expired(this.#failure(nowNs))
    })
  }

  #failure(nowNs: number): Failure {
    if ((nowNs - this.#startNs) / 1e9 < this.#timeout) {
      return { kind: 'idle', message: `no byte came for ${this.#idleTimeout} s in the middle of the answer (idleTimeout)` }
    }
    const { what, hint = '' } = this.#lacking()
    return { kind: 'timeout', message: `${what} within ${this.#timeout} s (timeout)${hint}` }
  }
}

import type { AbortOnSpec } from '../dsl/run-control.ts'
import type { Answer } from '../targets/target.ts'

/** Requests from which on a share of failures says something. */
const FEWEST_REQUESTS = 20

/** Watches for a run that is hopeless (`abortOn`) and ends it, once. */
export class FailureWatch {
  /** Why the run was ended; absent while it is not. */
  reason: string | undefined
  readonly #limits: AbortOnSpec
  readonly #end = new AbortController()
  #ended = 0
  #failed = 0
  #inRow = 0

  constructor(limits: AbortOnSpec = {}) {
    this.#limits = limits
  }

  /** Aborted where the run is hopeless. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Takes each request that has completed or failed, in that order. */
  add({ error }: Pick<Answer, 'error'>): void {
    this.#ended++
    if (error === undefined) {
      this.#inRow = 0
      return
    }
    this.#failed++
    this.#inRow++
    const reason = this.#verdict()
    if (reason === undefined || this.reason !== undefined) return
    this.reason = `${reason}; the last: ${error.message}`
    this.#end.abort()
  }

  #verdict(): string | undefined {
    const { errorRate, consecutive } = this.#limits
    if (consecutive !== undefined && this.#inRow >= consecutive) {
      return `${this.#inRow} requests in a row failed (abortOn.consecutive: ${consecutive})`
    }
    if (errorRate === undefined || this.#ended < FEWEST_REQUESTS || this.#failed / this.#ended < errorRate) return undefined
    return `${this.#failed} of ${this.#ended} requests failed, ${percent(this.#failed / this.#ended)} (abortOn.errorRate: ${percent(errorRate)})`
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`
}

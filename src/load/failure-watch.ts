import type { AbortOnSpec } from '../dsl/run-control.ts'
import type { Answer } from '../targets/target.ts'

/** Requests from which on a share of failures says something. */
const FEWEST_REQUESTS = 20

/** What is counted, over all workers of the load. */
const ENDED = 0
const FAILED = 1
const IN_ROW = 2

/** Watches for a run that is hopeless (`abortOn`) and ends it, once. */
export class FailureWatch {
  /** Why the run was ended; absent while it is not. */
  reason: string | undefined
  readonly #limits: AbortOnSpec
  readonly #counts: Int32Array
  readonly #end = new AbortController()

  /** @param counts three numbers, in memory that all workers of the load share */
  constructor(limits: AbortOnSpec = {}, counts: Int32Array = new Int32Array(3)) {
    this.#limits = limits
    this.#counts = counts
  }

  /** Aborted where the run is hopeless. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Takes each request that has completed or failed, in that order. */
  add({ error }: Pick<Answer, 'error'>): void {
    const ended = Atomics.add(this.#counts, ENDED, 1) + 1
    if (error === undefined) {
      Atomics.store(this.#counts, IN_ROW, 0)
      return
    }
    const failed = Atomics.add(this.#counts, FAILED, 1) + 1
    const inRow = Atomics.add(this.#counts, IN_ROW, 1) + 1
    const reason = this.#verdict(ended, failed, inRow)
    if (reason !== undefined) this.end(`${reason}; the last: ${error.message}`)
  }

  /** Ends the run, unless it has been ended already. */
  end(reason: string): void {
    if (this.reason !== undefined) return
    this.reason = reason
    this.#end.abort()
  }

  #verdict(ended: number, failed: number, inRow: number): string | undefined {
    const { errorRate, consecutive } = this.#limits
    if (consecutive !== undefined && inRow >= consecutive) return `${inRow} requests in a row failed (abortOn.consecutive: ${consecutive})`
    if (errorRate === undefined || ended < FEWEST_REQUESTS || failed / ended < errorRate) return undefined
    return `${failed} of ${ended} requests failed, ${percent(failed / ended)} (abortOn.errorRate: ${percent(errorRate)})`
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`
}

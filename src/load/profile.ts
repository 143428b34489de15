import type { Target } from '../targets/target.ts'
import type { ProgressMeter } from './progress-meter.ts'

/** The server's own profile of the load, where the target's spec asks for one. */
export class Profile {
  notes: readonly string[] = []
  readonly #target: Target
  readonly #progress: ProgressMeter
  readonly #signal: AbortSignal
  #begun = false

  /** @param signal aborted where the run is cancelled */
  constructor(target: Target, progress: ProgressMeter, signal: AbortSignal) {
    this.#target = target
    this.#progress = progress
    this.#signal = signal
  }

  /** @throws {LlmBenchError} `TARGET` where the server has no profiler; `CANCELLED` */
  async start(): Promise<void> {
    if (this.#target.profiler === undefined) return
    this.#begun = true
    await this.#target.profiler.start(this.#signal)
  }

  /** To be called whatever came of the load. */
  async stop(): Promise<void> {
    if (!this.#begun) return
    this.#progress.phase = 'writing the profile'
    this.notes = await this.#target.profiler!.stop(this.#signal)
  }
}

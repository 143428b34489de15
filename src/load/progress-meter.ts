import type { Progress } from '../metrics/progress.ts'

const INTERVAL_MS = 250

/** Counts what a run does; read at intervals, so that counting costs an addition. */
export class ProgressMeter {
  phase = 'loading'
  started = 0
  completed = 0
  failed = 0
  outputTokens = 0
  /** When a request last ended, in nanoseconds since the run's origin. */
  lastEndNs = 0
  total: number | undefined
  unit: Progress['unit'] = 'requests'
  /** Makes what is shown of what this meter counted: others may count, too. */
  shown: (own: Progress) => Progress = (own) => own
  /** Of the run, and from the load's begin on of the load. */
  #beganAt = performance.now()

  /** The load begins. */
  begin(phase: string, unit: Progress['unit'], total: number | undefined): void {
    this.phase = phase
    this.unit = unit
    this.total = total
    this.#beganAt = performance.now()
  }

  /** Requests that have been started and not ended. */
  get inFlight(): number {
    return this.started - this.completed - this.failed
  }

  /** A function that counts tokens here. Those of all meters are one to V8, so that what calls them need not be compiled for each. */
  tokenCounter(): (count: number) => void {
    return (count) => {
      this.outputTokens += count
    }
  }

  ended(completed: boolean): void {
    if (completed) this.completed++
    else this.failed++
  }

  snapshot(): Progress {
    return {
      phase: this.phase,
      started: this.started,
      completed: this.completed,
      failed: this.failed,
      total: this.total,
      unit: this.unit,
      outputTokens: this.outputTokens,
      elapsedSeconds: (performance.now() - this.#beganAt) / 1000,
    }
  }

  /** Reports at once and then four times a second, until the function that it returns is called, which reports the last state. */
  reportTo(onProgress: (progress: Progress) => void): () => void {
    const report = (): void => onProgress(this.shown(this.snapshot()))
    report()
    const timer = setInterval(report, INTERVAL_MS)
    return () => {
      clearInterval(timer)
      report()
    }
  }
}

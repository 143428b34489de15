import type { DefaultReporter, Vitest } from 'vitest/node'
import { renderProgress } from '../../reporters/terminal/progress.ts'
import type { Progress } from '../metrics/progress.ts'

/** Milliseconds between two lines about one bench where the terminal can't redraw. */
const HEARTBEAT_MS = 10_000

/** Shows how far the running bench is: in the live window of a terminal, as a line now and then elsewhere. */
export class ProgressBoard {
  readonly #vitest: Vitest
  readonly #running = new Map<string, Progress>()
  readonly #lastLine = new Map<string, number>()
  #hasWindow = false

  constructor(vitest: Vitest) {
    this.#vitest = vitest
  }

  show(bench: string, progress: Progress | undefined): void {
    if (progress === undefined) {
      this.#running.delete(bench)
      this.#lastLine.delete(bench)
      return
    }
    this.#running.set(bench, progress)
    if (this.#hasWindow) return
    const now = Date.now()
    const last = this.#lastLine.get(bench)
    this.#lastLine.set(bench, last ?? now)
    if (last === undefined || now - last < HEARTBEAT_MS) return
    this.#lastLine.set(bench, now)
    this.#vitest.logger.log(renderProgress({ bench, ...progress }))
  }

  clear(): void {
    this.#running.clear()
    this.#lastLine.clear()
  }

  /**
   * Puts the progress into the live window at the foot of Vitest's own reporter. That window is private to Vitest: where
   * it has another shape than expected, lines now and then are all there is.
   */
  joinWindow(reporter: DefaultReporter): void {
    const summary = (reporter as unknown as { summary?: unknown }).summary as { createSummary?: unknown } | undefined
    const original = summary?.createSummary
    if (summary === undefined || typeof original !== 'function') return
    summary.createSummary = (...args: unknown[]): unknown => {
      const lines: unknown = Reflect.apply(original, summary, args)
      return Array.isArray(lines) ? [...this.#lines(), ...(lines as unknown[])] : lines
    }
    this.#hasWindow = true
  }

  #lines(): string[] {
    return [...this.#running].map(([bench, progress]) => renderProgress({ bench, ...progress }))
  }
}

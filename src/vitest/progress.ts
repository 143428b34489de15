import type { DefaultReporter, Vitest } from 'vitest/node'
import { renderProgress, renderStarting } from '../../reporters/terminal/progress.ts'
import type { Starting } from '../../reporters/terminal/progress.ts'
import type { Progress } from '../metrics/progress.ts'

/** Milliseconds between two lines about one bench where the terminal can't redraw. */
const HEARTBEAT_MS = 10_000

/** Shows how far the running bench is, and the start of servers: in the live window of a terminal, as a line now and then elsewhere. */
export class ProgressBoard {
  readonly #vitest: Vitest
  /** What is under way: a line for each, made when it is shown. */
  readonly #running = new Map<string, () => string>()
  readonly #lastLine = new Map<string, number>()
  #hasWindow = false

  constructor(vitest: Vitest) {
    this.#vitest = vitest
  }

  show(bench: string, progress: Progress | undefined, run?: string): void {
    this.#update(`bench ${bench}`, progress && (() => renderProgress({ bench, run, ...progress })))
  }

  /** A server is starting; without a state, no longer. */
  showStarting(name: string, state: Starting | undefined): void {
    this.#update(`server ${name}`, state && (() => renderStarting(name, state)))
  }

  #update(key: string, render: (() => string) | undefined): void {
    if (render === undefined) {
      this.#running.delete(key)
      this.#lastLine.delete(key)
      return
    }
    this.#running.set(key, render)
    if (this.#hasWindow) return
    const now = Date.now()
    const last = this.#lastLine.get(key)
    this.#lastLine.set(key, last ?? now)
    if (last === undefined || now - last < HEARTBEAT_MS) return
    this.#lastLine.set(key, now)
    this.#vitest.logger.log(render())
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
    return [...this.#running.values()].map((render) => render())
  }
}

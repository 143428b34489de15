import { closeSync, openSync, writeSync } from 'node:fs'
import { LlmBenchError, messageOf } from '../../errors.ts'

/** What really became of one request; times in nanoseconds on the clock of `process.hrtime.bigint()`. */
export interface Truth {
  /** What the client called it; '-1' where it did not. */
  readonly id: string
  /** When its last byte had been read. */
  readonly receivedNs: bigint
  /** When the write of the first token began; 0 where there was none. */
  readonly firstNs: bigint
  /** When the write of the last token began; 0 where there was none. */
  readonly lastNs: bigint
  /** Tokens sent, of all choices. */
  readonly tokens: number
}

const FLUSH_MS = 500
/** Lines that are kept for readers of the running server. */
const KEPT_LINES = 1_000_000

/** What the server did, a line for each request that is over: `id recv_ns first_ns last_ns tokens`. */
export class TruthLog {
  #lines: string[] = []
  #written = 0
  readonly #file: number | undefined
  readonly #timer: NodeJS.Timeout | undefined

  /**
   * @param path file for the lines, made anew; left out, they are kept in memory alone
   * @throws {LlmBenchError} `SERVER` where it can't be written
   */
  constructor(path: string | undefined) {
    if (path === undefined) return
    try {
      this.#file = openSync(path, 'w')
    } catch (error) {
      throw new LlmBenchError('SERVER', `simulator(): \`truthLog\` can't be written: ${messageOf(error)}`, { cause: error })
    }
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS).unref()
  }

  add({ id, receivedNs, firstNs, lastNs, tokens }: Truth): void {
    this.#lines.push(`${id} ${receivedNs} ${firstNs} ${lastNs} ${tokens}\n`)
    if (this.#lines.length < 2 * KEPT_LINES) return
    this.#flush()
    this.#lines = this.#lines.slice(KEPT_LINES)
    this.#written -= KEPT_LINES
  }

  /** The lines so far: all, or the last million. */
  text(): string {
    return this.#lines.join('')
  }

  /** Writes what is left. */
  close(): void {
    clearInterval(this.#timer)
    this.#flush()
    if (this.#file !== undefined) closeSync(this.#file)
  }

  #flush(): void {
    if (this.#file === undefined || this.#written === this.#lines.length) return
    writeSync(this.#file, this.#lines.slice(this.#written).join(''))
    this.#written = this.#lines.length
  }
}

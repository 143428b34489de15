import { ByteList } from './byte-list.ts'
import { WireError } from './failure.ts'
import type { OnEvent, TakeKnown } from './sse.ts'
import { EVENT_LIMIT } from './sse.ts'

const LF = 10
const CR = 13

/**
 * Reads lines, an event each, out of bytes as they come, however they are cut. A line that lies whole in one read is handed on
 * where it lies; only what is split over reads is copied. Empty lines are skipped.
 * @see https://github.com/ndjson/ndjson-spec
 */
export class NdjsonReader {
  readonly #onEvent: OnEvent
  readonly #takeKnown: TakeKnown
  readonly #limit: number
  /** A line that began in an earlier read. */
  readonly #line = new ByteList()

  constructor(onEvent: OnEvent, limit: number = EVENT_LIMIT, takeKnown: TakeKnown = (_bytes, start) => start) {
    this.#onEvent = onEvent
    this.#limit = limit
    this.#takeKnown = takeKnown
  }

  /**
   * Takes `bytes[start]` to `bytes[end − 1]`.
   * @throws {WireError} `protocol` where a line is larger than the limit; whatever `onEvent` throws
   */
  push(bytes: Buffer, start = 0, end: number = bytes.length): void {
    const chunk = bytes.subarray(start, end)
    let at = this.#line.length === 0 ? this.#takeKnown(chunk, 0, chunk.length) : 0
    for (let lineFeed = chunk.indexOf(LF, at); lineFeed >= 0; lineFeed = chunk.indexOf(LF, at)) {
      if (this.#line.length === 0) this.#endLine(chunk, at, lineFeed)
      else this.#endCarried(chunk, at, lineFeed)
      at = this.#takeKnown(chunk, lineFeed + 1, chunk.length)
    }
    if (at < chunk.length) this.#carry(chunk, at, chunk.length)
  }

  /** The stream is over: hands on a line that its server left without a line feed. */
  end(): void {
    this.#endCarried(this.#line.bytes, 0, 0)
  }

  #endCarried(chunk: Buffer, from: number, to: number): void {
    this.#carry(chunk, from, to)
    const carried = this.#line.length
    this.#line.clear()
    this.#endLine(this.#line.bytes, 0, carried)
  }

  #endLine(bytes: Buffer, start: number, lineEnd: number): void {
    this.#checkLimit(lineEnd - start)
    const end = lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd
    if (start < end) this.#onEvent(bytes, start, end)
  }

  #carry(chunk: Buffer, from: number, to: number): void {
    this.#checkLimit(this.#line.length + to - from)
    this.#line.append(chunk, from, to)
  }

  #checkLimit(bytes: number): void {
    if (bytes <= this.#limit) return
    throw new WireError('protocol', `an event of the stream is larger than ${this.#limit / 1024 / 1024} MiB`)
  }
}

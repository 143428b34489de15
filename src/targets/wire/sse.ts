import { ByteList } from './byte-list.ts'
import { WireError } from './failure.ts'

/** The largest event that is read, in bytes; a server that sends more is broken or is no event stream. */
export const EVENT_LIMIT = 16 * 1024 * 1024

/** Takes one event's data: `bytes[start]` to `bytes[end − 1]`, valid only during the call. */
export type OnEvent = (bytes: Buffer, start: number, end: number) => void

/**
 * Takes as many whole events as it knows by their bytes, framing included, from `start` on, where an event begins, and returns
 * where the next one begins: `start` where it knows none. It never looks at `bytes[end]` or beyond.
 */
export type TakeKnown = (bytes: Buffer, start: number, end: number) => number

const LF = 10
const CR = 13
const COLON = 58
const SPACE = 32

/**
 * Reads server-sent events out of bytes as they come, however they are cut. An event that lies whole in one read is handed on
 * where it lies; only what is split over reads is copied. Only `data` counts; comments and other fields are skipped.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class SseReader {
  readonly #onEvent: OnEvent
  readonly #takeKnown: TakeKnown
  readonly #limit: number
  /** A line that began in an earlier read. */
  readonly #line = new ByteList()
  /** Data of the present event, where it does not lie in the present read. */
  readonly #data = new ByteList()
  #hasCopiedData = false
  /** The present event's only data line so far, inside the present read; −1: there is none. */
  #start = -1
  #end = -1
  #skipLineFeed = false
  #atFirstLine = true

  constructor(onEvent: OnEvent, limit: number = EVENT_LIMIT, takeKnown: TakeKnown = (_bytes, start) => start) {
    this.#onEvent = onEvent
    this.#takeKnown = takeKnown
    this.#limit = limit
  }

  /**
   * Takes `bytes[start]` to `bytes[end − 1]`.
   * @throws {WireError} `protocol` where an event is larger than the limit; whatever `onEvent` throws
   */
  push(bytes: Buffer, start = 0, end: number = bytes.length): void {
    const from = this.#betweenEvents ? this.#takeKnown(bytes, start, end) : start
    if (from < end) this.#pushLines(bytes.subarray(from, end))
  }

  get #betweenEvents(): boolean {
    return this.#line.length === 0 && this.#start < 0 && !this.#hasCopiedData && !this.#skipLineFeed && !this.#atFirstLine
  }

  #pushLines(chunk: Buffer): void {
    const length = chunk.length
    let lineStart = 0
    if (this.#skipLineFeed) {
      // The line ended with the carriage return that the read before this one ended with.
      this.#skipLineFeed = false
      if (chunk[0] === LF) lineStart = 1
    }
    // Buffer's own search is several times as fast as looking at each byte here.
    let lineFeed = positionOf(LF, chunk, lineStart)
    let carriageReturn = positionOf(CR, chunk, lineStart)
    while (lineFeed < length || carriageReturn < length) {
      const lineEnd = Math.min(lineFeed, carriageReturn)
      let next = lineEnd + 1
      if (lineEnd === carriageReturn) {
        if (next === length) this.#skipLineFeed = true
        else if (lineFeed === next) next++
        carriageReturn = positionOf(CR, chunk, next)
      }
      if (lineFeed < next) lineFeed = positionOf(LF, chunk, next)
      if (this.#line.length === 0) {
        this.#endLine(chunk, lineStart, lineEnd, true)
      } else {
        this.#carry(chunk, lineStart, lineEnd)
        const carried = this.#line.length
        this.#line.clear()
        this.#endLine(this.#line.bytes, 0, carried, false)
      }
      lineStart = next
      if (lineStart === length || !this.#betweenEvents) continue
      lineStart = this.#takeKnown(chunk, lineStart, length)
      if (lineFeed < lineStart) lineFeed = positionOf(LF, chunk, lineStart)
      if (carriageReturn < lineStart) carriageReturn = positionOf(CR, chunk, lineStart)
    }
    if (this.#start >= 0) this.#copyData(chunk)
    if (lineStart < length) this.#carry(chunk, lineStart, length)
  }

  /** The stream is over: hands on an event that its server left without the closing blank line. */
  end(): void {
    const carried = this.#line.length
    this.#line.clear()
    if (carried > 0) this.#endLine(this.#line.bytes, 0, carried, false)
    this.#dispatch(this.#line.bytes)
  }

  #endLine(bytes: Buffer, from: number, to: number, inRead: boolean): void {
    let start = from
    if (this.#atFirstLine) {
      this.#atFirstLine = false
      if (bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf && start + 3 <= to) start += 3
    }
    if (start === to) return this.#dispatch(bytes)
    if (!isData(bytes, start, to)) return
    let valueStart = Math.min(start + 5, to)
    if (valueStart < to && bytes[valueStart] === SPACE) valueStart++
    if (inRead && this.#start < 0 && !this.#hasCopiedData) {
      this.#start = valueStart
      this.#end = to
      return
    }
    if (this.#start >= 0) this.#copyData(bytes)
    if (this.#hasCopiedData) this.#data.appendByte(LF)
    this.#checkLimit(this.#data.length + to - valueStart)
    this.#data.append(bytes, valueStart, to)
    this.#hasCopiedData = true
  }

  #dispatch(bytes: Buffer): void {
    if (this.#start >= 0) {
      const start = this.#start
      this.#start = -1
      if (start < this.#end) this.#onEvent(bytes, start, this.#end)
    } else if (this.#hasCopiedData) {
      const length = this.#data.length
      this.#hasCopiedData = false
      this.#data.clear()
      if (length > 0) this.#onEvent(this.#data.bytes, 0, length)
    }
  }

  #copyData(bytes: Buffer): void {
    this.#data.append(bytes, this.#start, this.#end)
    this.#hasCopiedData = true
    this.#start = -1
  }

  #carry(chunk: Buffer, from: number, to: number): void {
    this.#checkLimit(this.#data.length + this.#line.length + to - from)
    this.#line.append(chunk, from, to)
  }

  #checkLimit(bytes: number): void {
    if (bytes <= this.#limit) return
    throw new WireError('protocol', `an event of the stream is larger than ${this.#limit / 1024 / 1024} MiB`)
  }
}

function positionOf(byte: number, chunk: Buffer, from: number): number {
  const at = chunk.indexOf(byte, from)
  return at < 0 ? Number.POSITIVE_INFINITY : at
}

/** Whether a line is `data` or begins with `data:`. */
function isData(bytes: Buffer, start: number, end: number): boolean {
  return (
    bytes[start] === 100 &&
    bytes[start + 1] === 97 &&
    bytes[start + 2] === 116 &&
    bytes[start + 3] === 97 &&
    (end - start === 4 || (end - start > 4 && bytes[start + 4] === COLON))
  )
}

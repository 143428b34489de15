import type { IncomingHttpHeaders } from 'node:http'
import { ByteList } from './byte-list.ts'
import { WireError } from './failure.ts'

/** Told of one response as its bytes come. */
export interface ResponseSink {
  /** Interim answers (1xx) are left out. */
  onHead(status: number, headers: IncomingHttpHeaders): void
  /** Bytes of the body, `bytes[start]` to `bytes[end − 1]`, valid only during the call. */
  onBody(bytes: Buffer, start: number, end: number): void
  /** @param keepAlive whether the connection may be used again, as far as the bytes tell */
  onEnd(keepAlive: boolean): void
}

/** Bytes that a head, trailers, or the extensions of one chunk may have. */
const HEAD_LIMIT = 64 * 1024

const IDLE = 0
const STATUS_LINE = 1
const HEADERS = 2
const UNTIL_LENGTH = 3
const UNTIL_CLOSE = 4
const CHUNK_SIZE = 5
const CHUNK_EXTENSION = 6
const CHUNK_SIZE_LF = 7
const CHUNK_DATA = 8
const CHUNK_DATA_CR = 9
const CHUNK_DATA_LF = 10
const TRAILERS = 11

const LF = 10
const CR = 13
const SPACE = 32
const TAB = 9
const SEMICOLON = 59

const STATUS = /^HTTP\/1\.([01]) (\d{3})(?: [^\r\n]*)?$/
const STATUS_START = 'HTTP/1.'
const NAME = /^[\w!#$%&'*+.^`|~-]+$/
// oxlint-disable-next-line no-control-regex -- it is what is looked for
const FORBIDDEN_IN_VALUE = /[\x00-\x08\x0a-\x1f\x7f]/
/** `;name`, `;name=token` or `;name="quoted"`, any number of them. */
const EXTENSIONS = /^(?:;[\w!#$%&'*+.^`|~-]+(?:=(?:[\w!#$%&'*+.^`|~-]+|"(?:[^"\\\r\n]|\\[^\r\n])*"))?)*$/

/**
 * Reads HTTP/1.1 responses out of bytes as they come, however they are cut: one for each `begin`. Strict: what the standard
 * does not allow, or allows to be read in two ways, is refused.
 * @see https://www.rfc-editor.org/rfc/rfc9112
 */
export class ResponseParser {
  readonly #sink: ResponseSink
  #state = IDLE
  /** The present line of a head, where it began in an earlier read; bytes of the head so far. */
  readonly #line = new ByteList()
  #headBytes = 0
  #minor = 1
  #status = 0
  #headers: IncomingHttpHeaders = {}
  /** Bytes that are still to come of the body or of the present chunk. */
  #left = 0
  #digits = 0
  #keepAlive = false

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  /** Whether no response is expected, or none any more. */
  get idle(): boolean {
    return this.#state === IDLE
  }

  /** A request is being sent: what comes is its response. */
  begin(): void {
    this.#state = STATUS_LINE
    this.#startHead()
  }

  /** Nothing more is told, whatever comes. */
  stop(): void {
    this.#state = IDLE
  }

  /**
   * Takes the bytes of one read. What lies behind the response's end is not looked at, and makes it end without keep-alive.
   * @throws {WireError} `protocol` where they are no HTTP/1.1 response
   */
  push(bytes: Buffer, start: number, end: number): void {
    let at = start
    while (at < end) {
      switch (this.#state) {
        case IDLE:
          return
        case CHUNK_DATA:
        case UNTIL_LENGTH: {
          const from = at
          const to = Math.min(end, at + this.#left)
          this.#left -= to - at
          at = to
          if (this.#left === 0 && this.#state === CHUNK_DATA) {
            // As a rule a chunk's end comes with it.
            if (to + 1 < end && bytes[to] === CR && bytes[to + 1] === LF) {
              this.#startChunk()
              at += 2
            } else this.#state = CHUNK_DATA_CR
          }
          this.#sink.onBody(bytes, from, to)
          // The sink may have stopped this.
          if (this.#left === 0 && this.#state === UNTIL_LENGTH) this.#end(at === end)
          break
        }
        case UNTIL_CLOSE:
          this.#sink.onBody(bytes, at, end)
          return
        case CHUNK_DATA_CR:
          if (bytes[at++] !== CR) throw malformed('a chunk is longer than it says')
          this.#state = CHUNK_DATA_LF
          break
        case CHUNK_DATA_LF:
          if (bytes[at++] !== LF) throw malformed('a chunk is longer than it says')
          this.#startChunk()
          break
        case CHUNK_SIZE:
          at = this.#takeSize(bytes, at, end)
          break
        case CHUNK_EXTENSION:
          at = this.#takeExtension(bytes, at, end)
          break
        case CHUNK_SIZE_LF:
          if (bytes[at++] !== LF) throw malformed('the line of a chunk size does not end with CRLF')
          if (this.#left > 0) this.#state = CHUNK_DATA
          else {
            this.#headBytes = 0
            this.#state = TRAILERS
          }
          break
        default:
          at = this.#takeLine(bytes, at, end)
      }
    }
  }

  /**
   * The other side has closed.
   * @returns whether that is the response's end, of which the sink has then been told
   */
  close(): boolean {
    if (this.#state !== UNTIL_CLOSE) return false
    this.#end(false)
    return true
  }

  #startHead(): void {
    this.#line.clear()
    this.#headBytes = 0
    this.#headers = Object.create(null) as IncomingHttpHeaders
  }

  #startChunk(): void {
    this.#state = CHUNK_SIZE
    this.#left = 0
    this.#digits = 0
  }

  #takeSize(bytes: Buffer, from: number, end: number): number {
    let at = from
    for (; at < end; at++) {
      const digit = hexValue(bytes[at]!)
      if (digit < 0) break
      this.#left = this.#left * 16 + digit
      this.#digits++
      if (this.#left > Number.MAX_SAFE_INTEGER || this.#digits > 64) throw malformed('a chunk size is too large')
    }
    if (at === end) return end
    this.#endSize(bytes[at]!)
    return at + 1
  }

  #endSize(byte: number): void {
    if (this.#digits === 0) throw malformed('a chunk has no size')
    if (byte === CR) this.#state = CHUNK_SIZE_LF
    else if (byte === SEMICOLON) {
      this.#line.clear()
      this.#line.appendByte(byte)
      this.#state = CHUNK_EXTENSION
    } else throw malformed('a chunk size is not a hexadecimal number')
  }

  #takeExtension(bytes: Buffer, from: number, end: number): number {
    let at = from
    while (at < end && bytes[at] !== CR) at++
    this.#line.append(bytes, from, at)
    if (this.#line.length > HEAD_LIMIT) throw malformed('the extensions of a chunk are too long')
    if (at === end) return end
    const extensions = this.#line.bytes.toString('latin1', 0, this.#line.length)
    this.#line.clear()
    if (!EXTENSIONS.test(extensions)) throw malformed('the extensions of a chunk are malformed')
    this.#state = CHUNK_SIZE_LF
    return at + 1
  }

  /** Takes bytes of a line of a head or of trailers, and the line once it is whole. */
  #takeLine(bytes: Buffer, from: number, end: number): number {
    const lineFeed = bytes.indexOf(LF, from)
    const whole = lineFeed >= 0 && lineFeed < end
    const to = whole ? lineFeed + 1 : end
    this.#headBytes += to - from
    if (this.#headBytes > HEAD_LIMIT) throw new WireError('protocol', "the answer's headers are too large")
    this.#line.append(bytes, from, to)
    if (this.#state === STATUS_LINE) this.#checkStatusStart()
    if (!whole) return end
    const line = this.#line.bytes.toString('latin1', 0, this.#line.length)
    this.#line.clear()
    if (!line.endsWith('\r\n')) throw malformed('a line of its head does not end with CRLF')
    this.#endLine(line.slice(0, -2), to === end)
    return to
  }

  /** What is no HTTP at all may never send a line's end. */
  #checkStatusStart(): void {
    const length = Math.min(this.#line.length, STATUS_START.length)
    if (this.#line.bytes.toString('latin1', 0, length) === STATUS_START.slice(0, length)) return
    throw malformed('it does not begin with HTTP/1.0 or HTTP/1.1')
  }

  #endLine(line: string, last: boolean): void {
    if (this.#state === STATUS_LINE) {
      const match = STATUS.exec(line)
      if (match === null) throw malformed('its first line is malformed')
      this.#minor = Number(match[1])
      this.#status = Number(match[2])
      this.#state = HEADERS
    } else if (line !== '') {
      const [name, value] = headerOf(line)
      // What trailers say is of no use to anybody here.
      if (this.#state === HEADERS) this.#addHeader(name, value)
    } else if (this.#state === TRAILERS) this.#end(last)
    else this.#endHead(last)
  }

  #addHeader(name: string, value: string): void {
    const earlier = this.#headers[name]
    if (name === 'content-length' && earlier !== undefined) throw malformed('it has two content-length headers')
    if (earlier === undefined) this.#headers[name] = value
    else if (Array.isArray(earlier)) earlier.push(value)
    else (this.#headers as Record<string, string | string[]>)[name] = [earlier, value]
  }

  #endHead(last: boolean): void {
    const status = this.#status
    if (status < 200) {
      // A server that waits for a body, or changes the protocol, was not asked to.
      if (status <= 101) throw new WireError('protocol', `the server sent what was not asked for (HTTP ${status})`)
      this.#startHead()
      this.#state = STATUS_LINE
      return
    }
    const headers = this.#headers
    const length = lengthOf(headers)
    const codings = tokensOf(headers['transfer-encoding'])
    if (length !== undefined && codings.length > 0) throw malformed('it has both a content-length and a transfer-encoding')
    const said = tokensOf(headers.connection)
    this.#keepAlive = !said.includes('close') && (this.#minor === 1 || said.includes('keep-alive'))
    const bodiless = status === 204 || status === 304
    // A server that announces a body there may send it as well.
    if (bodiless && (codings.length > 0 || (length ?? 0) > 0)) this.#keepAlive = false
    const chunked = codings.at(-1) === 'chunked'
    if (bodiless || length === 0) this.#state = IDLE
    else if (chunked) this.#startChunk()
    else if (length === undefined) this.#state = UNTIL_CLOSE
    else {
      this.#state = UNTIL_LENGTH
      this.#left = length
    }
    const ended = this.#state === IDLE
    this.#sink.onHead(status, headers)
    if (ended) this.#end(last)
  }

  #end(last: boolean): void {
    this.#state = IDLE
    this.#sink.onEnd(this.#keepAlive && last)
  }
}

/** Lines of heads that were read, for most come again with each answer; the first ones, since others may change each time. */
const KNOWN_LINES = new Map<string, readonly [name: string, value: string]>()
const MOST_KNOWN_LINES = 256
const LONGEST_KNOWN_LINE = 256

function headerOf(line: string): readonly [name: string, value: string] {
  const known = KNOWN_LINES.get(line)
  if (known !== undefined) return known
  const header = parseHeader(line)
  if (KNOWN_LINES.size < MOST_KNOWN_LINES && line.length <= LONGEST_KNOWN_LINE) KNOWN_LINES.set(line, header)
  return header
}

function parseHeader(line: string): readonly [name: string, value: string] {
  const first = line.charCodeAt(0)
  if (first === SPACE || first === TAB) throw malformed('a header is folded over lines')
  const colon = line.indexOf(':')
  const name = line.slice(0, Math.max(0, colon))
  if (!NAME.test(name)) throw malformed('a header has no valid name')
  const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
  if (FORBIDDEN_IN_VALUE.test(value)) throw malformed(`the header ${name} has characters that are not allowed`)
  return [name.toLowerCase(), value]
}

function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  const text = headers['content-length']
  if (text === undefined) return undefined
  const length = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(length)) throw malformed('its content-length is no number')
  return length
}

/** The comma-separated words of a header, in small letters. */
function tokensOf(value: string | string[] | undefined): string[] {
  if (value === undefined) return []
  const text = Array.isArray(value) ? value.join(',') : value
  return text
    .toLowerCase()
    .split(',')
    .map((token) => token.trim())
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const small = byte | 32
  return small >= 97 && small <= 102 ? small - 87 : -1
}

function malformed(what: string): WireError {
  return new WireError('protocol', `the answer is not HTTP/1.1: ${what}`)
}

/** A whole HTTP/1.1 request. */
export interface HttpRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  /** Whether the client wants to send more on this connection. */
  readonly keepAlive: boolean
}

/** Bytes that are no request that can be served. */
export class BadRequest extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'BadRequest'
    this.status = status
  }
}

const MAX_HEAD_BYTES = 64 * 1024
const MAX_BODY_BYTES = 32 * 1024 * 1024
const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')
const REQUEST_LINE = /^([A-Z]+) (\S+) HTTP\/1\.([01])$/
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/
const CHUNK_SIZE = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?$/
const LENGTH = /^\d{1,15}$/

interface Head extends Omit<HttpRequest, 'body'> {
  /** Absent where the body comes in chunks. */
  readonly length: number | undefined
}

/** Makes requests of a connection's bytes, however they are cut. */
export class RequestReader {
  #rest: Buffer = Buffer.alloc(0)
  #head: Head | undefined
  /** Parts of the body so far. */
  #parts: Buffer[] = []
  #size = 0
  /** Bytes of a chunked body that are still to come before the next size line; absent where that line is next. */
  #chunkLeft: number | undefined
  #continueAsked = false

  /** Takes bytes in. */
  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    if (this.#rest.length > MAX_HEAD_BYTES + MAX_BODY_BYTES) throw new BadRequest(413, 'more was sent than an answer was waited for')
  }

  /**
   * The next request, where all of it has come.
   * @throws {BadRequest}
   */
  take(): HttpRequest | undefined {
    this.#head ??= this.#takeHead()
    if (this.#head === undefined) return undefined
    const { length, ...head } = this.#head
    if (!(length === undefined ? this.#takeChunks() : this.#takePlain(length))) return undefined
    const body = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
    this.#head = undefined
    this.#parts = []
    this.#size = 0
    return { ...head, body }
  }

  /** Whether the client waits for a word before it sends the body; true once for a request. */
  wantsContinue(): boolean {
    const asked = this.#continueAsked
    this.#continueAsked = false
    return asked
  }

  #takeHead(): Head | undefined {
    // Empty lines before a request are to be passed over (RFC 9112, 2.2).
    while (this.#rest.length >= 2 && this.#rest[0] === 13 && this.#rest[1] === 10) this.#rest = this.#rest.subarray(2)
    const end = this.#rest.indexOf(HEAD_END)
    if (end > MAX_HEAD_BYTES || (end === -1 && this.#rest.length > MAX_HEAD_BYTES)) throw new BadRequest(431, 'the headers are too long')
    if (end === -1) return undefined
    const [first = '', ...lines] = this.#rest.toString('latin1', 0, end).split('\r\n')
    this.#rest = this.#rest.subarray(end + HEAD_END.length)
    const [, method, target, minor] = REQUEST_LINE.exec(first) ?? []
    if (method === undefined || target === undefined) throw new BadRequest(400, 'this is no HTTP/1.1 request')
    const headers = fieldsOf(lines)
    const connection = headers.get('connection')?.toLowerCase() ?? ''
    this.#continueAsked = headers.get('expect')?.toLowerCase() === '100-continue'
    return {
      method,
      path: target.replace(/^https?:\/\/[^/]*/i, '').replace(/\?.*$/, ''),
      headers,
      keepAlive: minor === '1' ? !connection.includes('close') : connection.includes('keep-alive'),
      length: lengthOf(headers),
    }
  }

  #takePlain(length: number): boolean {
    this.#takePart(length - this.#size)
    return this.#size === length
  }

  #takeChunks(): boolean {
    for (;;) {
      if (this.#chunkLeft !== undefined) {
        // The data and the line end after it.
        if (this.#chunkLeft > 2) this.#chunkLeft -= this.#takePart(this.#chunkLeft - 2)
        if (this.#chunkLeft > 2 || this.#rest.length < 2) return false
        if (this.#takeLine() !== '') throw new BadRequest(400, 'a chunk is longer than it says')
        this.#chunkLeft = undefined
      }
      const line = this.#takeLine()
      if (line === undefined) return false
      const size = CHUNK_SIZE.exec(line)?.[1]
      if (size === undefined) throw new BadRequest(400, 'a chunk has no size')
      const bytes = parseInt(size, 16)
      if (bytes === 0) return this.#takeTrailers(line)
      if (this.#size + bytes > MAX_BODY_BYTES) throw new BadRequest(413, `the body is longer than ${MAX_BODY_BYTES} bytes`)
      this.#chunkLeft = bytes + 2
    }
  }

  /** Passes over what follows the last chunk; where it has not all come, the last chunk is put back. */
  #takeTrailers(lastChunk: string): boolean {
    const before = this.#rest
    for (let line = this.#takeLine(); line !== undefined; line = this.#takeLine()) if (line === '') return true
    this.#rest = Buffer.concat([Buffer.from(`${lastChunk}\r\n`, 'latin1'), before])
    return false
  }

  #takeLine(): string | undefined {
    const end = this.#rest.indexOf(LINE_END)
    if (end === -1) {
      if (this.#rest.length > MAX_HEAD_BYTES) throw new BadRequest(400, 'a line is too long')
      return undefined
    }
    const line = this.#rest.toString('latin1', 0, end)
    this.#rest = this.#rest.subarray(end + LINE_END.length)
    return line
  }

  /** Moves at most so many bytes to the body. */
  #takePart(most: number): number {
    const part = this.#rest.subarray(0, most)
    if (part.length === 0) return 0
    this.#parts.push(part)
    this.#size += part.length
    this.#rest = this.#rest.subarray(part.length)
    return part.length
  }
}

function fieldsOf(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value] = FIELD.exec(line) ?? []
    if (name === undefined) throw new BadRequest(400, 'a header is malformed')
    const key = name.toLowerCase()
    const before = headers.get(key)
    headers.set(key, before === undefined ? value! : `${before}, ${value}`)
  }
  return headers
}

function lengthOf(headers: ReadonlyMap<string, string>): number | undefined {
  const coding = headers.get('transfer-encoding')
  const length = headers.get('content-length')
  if (coding !== undefined) {
    if (coding.toLowerCase() === 'chunked' && length === undefined) return undefined
    throw new BadRequest(400, 'the length of the body is unclear')
  }
  if (length === undefined) return 0
  if (!LENGTH.test(length)) throw new BadRequest(400, 'content-length is no number')
  if (Number(length) > MAX_BODY_BYTES) throw new BadRequest(413, `the body is longer than ${MAX_BODY_BYTES} bytes`)
  return Number(length)
}

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../metrics/clock.ts'
import { ApiError } from '../openai/api-error.ts'
import { BadRequest, RequestReader } from './request-reader.ts'
import type { HttpRequest } from './request-reader.ts'

/** Serves one request; it calls `finish` on the connection when the answer is whole. */
export type Handler = (request: HttpRequest, connection: Connection, receivedNs: number) => void

const STREAM_HEADERS = 'content-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n'

/**
 * One client's connection: requests in, one answer at a time out. All text that is written has one byte a character, as
 * {@link bytesOf} makes it. Beneath node:http, whose streams cost several times what one write to the socket does.
 */
export class Connection {
  /** Called when the client has room again after a write that said it had none. */
  onDrain: (() => void) | undefined
  /** Called when the connection is gone in the middle of an answer. */
  onGone: (() => void) | undefined
  readonly #socket: Socket
  readonly #clock: Clock
  readonly #handler: Handler
  readonly #reader = new RequestReader()
  #busy = false
  #taking = false
  #keepAlive = true

  constructor(socket: Socket, clock: Clock, handler: Handler) {
    this.#socket = socket
    this.#clock = clock
    this.#handler = handler
    socket.on('data', (bytes: Buffer) => this.#read(bytes))
    socket.on('drain', () => this.onDrain?.())
    // What follows is a close; a client that goes away is no event of its own.
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#busy = true
      const gone = this.onGone
      this.onGone = undefined
      gone?.()
    })
  }

  /** Writes bytes. @returns whether there is room for more */
  write(bytes: string): boolean {
    return this.#socket.write(bytes, 'latin1')
  }

  /** Begins a streamed answer. */
  startStream(): void {
    this.write(`HTTP/1.1 200 OK\r\n${STREAM_HEADERS}${this.#closing()}transfer-encoding: chunked\r\n\r\n`)
  }

  /** Sends a whole answer. */
  send(status: number, text: string, contentType = 'application/json', headers = ''): void {
    const body = bytesOf(text)
    this.write(this.#head(status, contentType, body.length, headers) + body)
    this.finish()
  }

  sendError(error: ApiError, headers = ''): void {
    this.send(error.status, JSON.stringify(error), undefined, headers)
  }

  /** Sends an answer of which the second half is missing, and closes. */
  sendHalf(text: string): void {
    const body = bytesOf(text)
    this.write(this.#head(200, 'application/json', body.length, '') + body.slice(0, body.length >> 1))
    this.#keepAlive = false
    this.finish()
  }

  /** The answer is whole: the connection takes its next request. */
  finish(): void {
    this.onDrain = undefined
    this.onGone = undefined
    if (!this.#keepAlive) {
      this.#socket.end()
      return
    }
    this.#busy = false
    this.#next(this.#clock.now())
  }

  /** Breaks the connection off with a RST. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  #read(bytes: Buffer): void {
    const receivedNs = this.#clock.now()
    try {
      this.#reader.push(bytes)
    } catch {
      this.#socket.destroy()
      return
    }
    this.#next(receivedNs)
  }

  /** Hands over requests, one after another, as long as they are answered at once. */
  #next(receivedNs: number): void {
    if (this.#taking) return
    this.#taking = true
    while (!this.#busy && this.#serveNext(receivedNs));
    this.#taking = false
  }

  #serveNext(receivedNs: number): boolean {
    try {
      const request = this.#reader.take()
      if (request === undefined) {
        if (this.#reader.wantsContinue()) this.write('HTTP/1.1 100 Continue\r\n\r\n')
        return false
      }
      this.#busy = true
      this.#keepAlive = request.keepAlive
      this.#handler(request, this, receivedNs)
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error
      this.#busy = true
      this.#keepAlive = false
      this.sendError(new ApiError(error.status, error.message))
    }
    return true
  }

  #head(status: number, contentType: string, length: number, headers: string): string {
    const type = `content-type: ${contentType}\r\ncontent-length: ${length}\r\n`
    return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${type}${headers}${this.#closing()}\r\n`
  }

  #closing(): string {
    return this.#keepAlive ? '' : 'connection: close\r\n'
  }
}

/** The UTF-8 bytes of a text, one a character. */
export function bytesOf(text: string): string {
  return Buffer.from(text).toString('latin1')
}

import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import { connect, constants } from 'node:http2'
import type { Socket } from 'node:net'
import type { Clock } from '../../metrics/clock.ts'
import type { OutgoingRequest, ResponseHandler } from './connection.ts'
import { Connection } from './connection.ts'
import type { Dialer } from './dialer.ts'
import { PeerClosedError, WireError } from './failure.ts'
import { hostOf } from './route.ts'
import { SeenSocket } from './seen-socket.ts'
import type { Abortable } from './tunnel.ts'

/**
 * A connection for HTTP/2 over TLS, on node:http2. undici's client is not used for it: it sends a refused request again by
 * itself, which would hide in the latency, and shows neither when a request is written nor when bytes are read.
 */
export class Http2Connection extends Connection {
  readonly #url: URL
  readonly #dialer: Dialer
  /** The socket, or what is to become one. */
  #socket: Abortable | undefined
  #session: ClientHttp2Session | undefined
  #exchange: Exchange | undefined
  #handshaking = false

  constructor(origin: string, clock: Clock, onUnannouncedClose: () => void, dialer: Dialer) {
    super(origin, clock, onUnannouncedClose)
    this.#url = new URL(origin)
    this.#dialer = dialer
  }

  override get isOpen(): boolean {
    return this.#session !== undefined && !this.#session.closed && !this.#session.destroyed
  }

  override get isHandshaking(): boolean {
    return this.#handshaking
  }

  protected override write(request: OutgoingRequest, handler: ResponseHandler): void {
    const session = this.#session
    if (session !== undefined && this.isOpen) return this.#send(session, request, handler)
    this.#drop()
    this.#dial(
      (socket) => this.#send(this.#begin(socket), request, handler),
      (error) => handler.onResponseError(error),
    )
  }

  protected override open(done: (open: boolean) => void): void {
    this.#dial(
      (socket) => {
        this.#begin(socket)
        done(true)
      },
      () => done(false),
    )
  }

  protected override end(): void {
    this.#exchange = undefined
    this.#drop()
  }

  #dial(onOpen: (socket: Socket) => void, onError: (error: Error) => void): void {
    this.opening()
    const { host, protocol, port } = this.#url
    this.#socket = this.#dialer.dial(
      { host, hostname: hostOf(this.#url), protocol, port },
      {
        onHandshake: () => {
          this.#handshaking = true
        },
        onOpen: (socket) => {
          this.#handshaking = false
          this.opened()
          onOpen(socket)
        },
        onError,
      },
    )
  }

  #begin(socket: Socket): ClientHttp2Session {
    const seen = new SeenSocket(socket, {
      onRead: () => {
        this.readNs = this.clock.now()
      },
      onWrite: () => this.#exchange?.onWrite(),
      onClosed: (error) => {
        if (this.#session !== session) return
        this.#session = undefined
        this.hasClosed(error ?? new PeerClosedError())
      },
    })
    const session = connect(this.#url, { createConnection: () => seen, settings: { enablePush: false } })
    this.#socket = seen
    this.#session = session
    session
      // What is under way is taken to its end, and no more.
      .on('goaway', () => {
        if (this.#session === session) this.#session = undefined
        if (this.#exchange === undefined) session.destroy()
      })
      // Streams tell of it.
      .on('error', () => {})
      .on('close', () => seen.destroy())
    return session
  }

  #send(session: ClientHttp2Session, request: OutgoingRequest, handler: ResponseHandler): void {
    const { body, reset } = request
    const leaving = (): boolean => this.#session !== session
    const stream = session.request(headersOf(request, this.#url), { endStream: body === undefined })
    const exchange: Exchange = new Exchange(stream, handler, {
      onBytes: () => this.hasRead(this.readNs),
      onDone: () => {
        if (this.#exchange === exchange) this.#exchange = undefined
        if (reset || leaving()) this.#drop()
      },
      isLeaving: leaving,
    })
    this.#exchange = exchange
    if (body !== undefined) stream.end(body)
  }

  /** Closes the socket, which is none of ours from now on. */
  #drop(): void {
    const session = this.#session
    this.#session = undefined
    session?.destroy()
    this.#socket?.destroy()
    this.#socket = undefined
  }
}

interface ExchangeListener {
  /** Bytes of the answer were read. */
  onBytes(): void
  /** The answer has ended, or failed; comes before the handler is told. */
  onDone(): void
  /** Whether the server has said that it takes no further requests on this connection. */
  isLeaving(): boolean
}

/** One request and its answer on a stream. */
class Exchange {
  readonly #handler: ResponseHandler
  /** Bytes of the request were handed to the socket. */
  #begun = false
  /** All of them were, or will be at once. */
  #ended = false

  constructor(stream: ClientHttp2Stream, handler: ResponseHandler, listener: ExchangeListener) {
    this.#handler = handler
    let done = false
    let failure: Error | undefined
    const settle = (error: Error | undefined): void => {
      if (done) return
      done = true
      listener.onDone()
      if (error === undefined) handler.onResponseEnd()
      else handler.onResponseError(error)
    }
    stream
      .on('finish', () => {
        this.#ended = true
      })
      .on('response', (headers: IncomingHttpHeaders) => {
        this.#ended = true
        listener.onBytes()
        handler.onResponseStart(Number(headers[':status']), headers)
      })
      .on('data', (bytes: Buffer) => {
        listener.onBytes()
        handler.onResponseData(bytes, 0, bytes.length)
      })
      .on('end', () => {
        // A stream that is broken off ends too.
        if (stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR) return
        settle(undefined)
        // The server may have answered before it had the whole request.
        if (!stream.writableFinished) stream.close(constants.NGHTTP2_CANCEL)
      })
      .on('error', (error) => {
        failure = error
      })
      .on('close', () => settle(failureOf(stream.rstCode, failure, listener.isLeaving())))
  }

  /** Bytes are about to be handed to the socket: the request's, or its last ones so far. */
  onWrite(): void {
    if (this.#begun && this.#ended) return
    this.#begun = true
    this.#handler.onRequestStart()
  }
}

/**
 * Why a stream closed early. A server that goes away refuses what it has not looked at, and a closed connection cancels; any
 * other code is the server's word on this one request.
 */
function failureOf(code: number | undefined, error: NodeJS.ErrnoException | undefined, leaving: boolean): Error {
  if (error !== undefined && !error.code?.startsWith('ERR_HTTP2_')) return error
  const unseen = leaving && code === constants.NGHTTP2_REFUSED_STREAM
  if (unseen || code === undefined || code === constants.NGHTTP2_NO_ERROR || code === constants.NGHTTP2_CANCEL) return new PeerClosedError()
  const name = /NGHTTP2_(\w+)/.exec(error?.message ?? '')?.[1] ?? `error ${code}`
  return new WireError('reset', `the server broke the HTTP/2 stream off (${name})`)
}

function headersOf({ method, path, headers }: OutgoingRequest, { protocol, host }: URL): OutgoingHttpHeaders {
  const all: OutgoingHttpHeaders = { ':method': method, ':path': path, ':scheme': protocol.slice(0, -1), ':authority': host }
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!.toLowerCase()
    all[name === 'host' ? ':authority' : name] = headers[i + 1]!
  }
  return all
}

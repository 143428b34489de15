import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { buildConnector, Dispatcher } from 'undici'
import { Client } from 'undici'
import type { Clock } from '../../metrics/clock.ts'
import type { OutgoingRequest, ResponseHandler } from './connection.ts'
import { Connection } from './connection.ts'
import type { Dialer } from './dialer.ts'
import { hostOf } from './route.ts'
import type { Abortable } from './tunnel.ts'

/**
 * A connection through undici, for HTTP/1.1 over TLS. undici's `Pool` is not used: it looks for a free connection one
 * by one, and opens a second one for a client that sends again as soon as its answer ends.
 */
export class UndiciConnection extends Connection {
  readonly #client: Client
  /** The socket, or what is to become one. */
  #socket: Abortable | undefined
  /** Was opened ahead, and nothing was sent on it. */
  #ahead: Socket | undefined
  #handshaking = false
  #connected = false
  readonly #dialer: Dialer

  constructor(origin: string, clock: Clock, onUnannouncedClose: () => void, dialer: Dialer) {
    super(origin, clock, onUnannouncedClose)
    this.#dialer = dialer
    this.#client = new Client(origin, {
      pipelining: 1,
      // Ours replace them: a long prefill would trip these after 300 s.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, callback) => {
        const ahead = this.#ahead
        this.#ahead = undefined
        // undici takes no socket while it still asks for one.
        if (ahead !== undefined && ahead.readyState === 'open') queueMicrotask(() => callback(null, ahead))
        else this.#dial(options, callback)
      },
    })
    this.#client.on('connect', () => {
      this.#connected = true
    })
    this.#client.on('disconnect', (_url, _targets, error) => {
      this.#connected = false
      this.hasClosed(error)
    })
  }

  override get isOpen(): boolean {
    return this.#connected || this.#ahead?.readyState === 'open'
  }

  override get isHandshaking(): boolean {
    return this.#handshaking
  }

  protected override write({ method, path, headers, body, reset }: OutgoingRequest, handler: ResponseHandler): void {
    this.#client.dispatch({ method, path, headers: headers as string[], body: body ?? null, reset }, new UndiciHandler(handler))
  }

  protected override open(done: (open: boolean) => void): void {
    const url = new URL(this.origin)
    const { host, protocol, port } = url
    this.#dial({ host, hostname: hostOf(url), protocol, port }, (...[error, socket]) => {
      if (error === null) this.#ahead = socket
      done(error === null)
    })
  }

  protected override async end(): Promise<void> {
    this.#socket?.destroy()
    await this.#client.destroy()
  }

  #dial(to: buildConnector.Options, done: buildConnector.Callback): void {
    this.opening()
    this.#socket = this.#dialer.dial(to, {
      onHandshake: () => {
        this.#handshaking = true
      },
      onOpen: (socket) => {
        this.opened()
        this.#handshaking = false
        // Comes before undici's own listener; one read's bytes are handed on in several calls, all with this time.
        socket.on('readable', () => {
          // Readable it is at its end too.
          if (socket.readableLength > 0) this.hasRead(this.clock.now())
        })
        done(null, socket)
      },
      onError: (error) => done(error, null),
    })
  }
}

class UndiciHandler implements Dispatcher.DispatchHandler {
  readonly #handler: ResponseHandler

  constructor(handler: ResponseHandler) {
    this.#handler = handler
  }

  onRequestStart(): void {
    this.#handler.onRequestStart()
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status >= 200) this.#handler.onResponseStart(status, headers)
  }

  onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
    this.#handler.onResponseData(bytes, 0, bytes.length)
  }

  onResponseEnd(): void {
    this.#handler.onResponseEnd()
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.#handler.onResponseError(error)
  }
}

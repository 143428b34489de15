import type { IncomingHttpHeaders } from 'node:http'
import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Dispatcher } from 'undici'
import { buildConnector, Client } from 'undici'
import type { Clock } from '../../metrics/clock.ts'
import type { OutgoingRequest, ResponseHandler } from './connection.ts'
import { CONNECT_TIMEOUT_MS, Connection } from './connection.ts'

const connector = buildConnector({ allowH2: false, timeout: CONNECT_TIMEOUT_MS })

/**
 * A connection through undici, for whatever is not plain HTTP. undici's `Pool` is not used: it looks for a free connection one
 * by one, and opens a second one for a client that sends again as soon as its answer ends.
 */
export class UndiciConnection extends Connection {
  readonly #client: Client
  #socket: Socket | undefined
  #handshaking = false

  constructor(origin: string, clock: Clock, onUnannouncedClose: () => void) {
    super(origin, clock, onUnannouncedClose)
    this.#client = new Client(origin, {
      pipelining: 1,
      // Ours replace them: a long prefill would trip these after 300 s.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, callback) => {
        this.opening()
        const socket: unknown = connector(options, (...result) => {
          const [, opened] = result
          // Where opening failed there is no socket at all, whatever the types say.
          if (opened) {
            this.opened()
            this.#handshaking = false
            // Comes before undici's own listener; one read's bytes are handed on in several calls, all with this time.
            opened.on('readable', () => {
              // Readable it is at its end too.
              if (opened.readableLength > 0) this.hasRead(clock.now())
            })
          }
          callback(...result)
        })
        if (socket instanceof Socket) this.#socket = socket
        if (socket instanceof TLSSocket) {
          socket.once('connect', () => {
            this.#handshaking = true
          })
        }
      },
    })
    this.#client.on('disconnect', (_url, _targets, error) => this.hasClosed(error))
  }

  override get isHandshaking(): boolean {
    return this.#handshaking
  }

  protected override write({ method, path, headers, body, reset }: OutgoingRequest, handler: ResponseHandler): void {
    this.#client.dispatch({ method, path, headers: headers as string[], body: body ?? null, reset }, new UndiciHandler(handler))
  }

  protected override async end(): Promise<void> {
    this.#socket?.destroy()
    await this.#client.destroy()
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

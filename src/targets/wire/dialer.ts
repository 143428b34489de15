import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { buildConnector } from 'undici'
import { CONNECT_TIMEOUT_MS } from './connection.ts'
import { WireError } from './failure.ts'
import type { Route } from './route.ts'
import type { Abortable } from './tunnel.ts'
import { openTunnel } from './tunnel.ts'

export interface DialListener {
  /** The other side took the connection; TLS comes next. */
  onHandshake(): void
  onOpen(socket: Socket): void
  onError(error: Error): void
}

/** Opens sockets over a route: through the proxy's tunnel where there is one, then TLS. One for all connections of a run, which resume TLS sessions. */
export class Dialer {
  readonly #route: Route
  readonly #connect: buildConnector.connector

  constructor(route: Route) {
    const { http2, socketPath, secureContext, rejectUnauthorized } = route
    this.#route = route
    this.#connect = buildConnector({
      allowH2: http2,
      preferH2: http2,
      timeout: CONNECT_TIMEOUT_MS,
      rejectUnauthorized,
      ...(socketPath === undefined ? {} : { socketPath }),
      ...(secureContext === undefined ? {} : { secureContext }),
    })
  }

  dial(to: buildConnector.Options, listener: DialListener): Abortable {
    const { proxy } = this.#route
    if (proxy === undefined) return this.#open(to, listener)
    let underWay: Abortable = openTunnel(proxy, `${to.host!.replace(/:\d+$/, '')}:${to.port || 443}`, (error, socket) => {
      if (error !== null) return listener.onError(error)
      listener.onHandshake()
      underWay = this.#open({ ...to, httpSocket: socket! }, listener)
    })
    return { destroy: () => underWay.destroy() }
  }

  #open(to: buildConnector.Options, listener: DialListener): Abortable {
    // The types hide that it returns the socket.
    const socket = this.#connect(to, (error, opened) => {
      if (error !== null) listener.onError(error)
      else if (this.#route.http2 && (opened as TLSSocket).alpnProtocol !== 'h2') {
        opened.destroy()
        listener.onError(new WireError('connect', NO_HTTP2))
      } else listener.onOpen(opened)
    }) as unknown as Socket
    if (socket instanceof TLSSocket) socket.once('connect', () => listener.onHandshake())
    return socket
  }
}

const NO_HTTP2 = 'the server speaks no HTTP/2 over TLS: leave `http2` out'

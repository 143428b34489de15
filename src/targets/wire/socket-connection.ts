import type { IncomingHttpHeaders } from 'node:http'
import type { NetConnectOpts, Socket } from 'node:net'
import { connect } from 'node:net'
import type { Clock } from '../../metrics/clock.ts'
import type { OutgoingRequest, ResponseHandler } from './connection.ts'
import { CONNECT_TIMEOUT_MS, Connection } from './connection.ts'
import { PeerClosedError, WireError } from './failure.ts'
import type { Proxy, Route } from './route.ts'
import { hostOf } from './route.ts'
import { proxyFailure } from './tunnel.ts'
import type { ResponseSink } from './response-parser.ts'
import { ResponseParser } from './response-parser.ts'

/**
 * All sockets of a thread read into this: a read is told of, and used up, before the next one. So no read makes a buffer, and
 * none goes through a stream, which is most of what a small read costs otherwise.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024)

/** How long a connection may rest and be used again where its server does not say, and how much sooner than it says. */
const KEPT_NS = 4e9
const KEPT_MARGIN_NS = 2e9

/**
 * A connection for plain HTTP/1.1 on a socket of our own. It is no undici `Dispatcher`: a dispatcher hands on a Buffer for each
 * piece of a body, has to be able to pause, and queues, none of which is wanted here.
 */
export class SocketConnection extends Connection implements ResponseSink {
  readonly #url: URL
  readonly #proxy: Proxy | undefined
  readonly #to: NetConnectOpts
  readonly #parser = new ResponseParser(this)
  #socket: Socket | undefined
  /** Present while a request is under way. */
  #handler: ResponseHandler | undefined
  #request: OutgoingRequest | undefined
  /** The head of the last request, which as a rule is that of the next. */
  #head = ''
  #headed: Omit<OutgoingRequest, 'body'> | undefined
  /** Present while the socket is opened ahead of a request. */
  #ahead: ((open: boolean) => void) | undefined
  #keptNs = KEPT_NS
  #keptUntilNs = Infinity

  constructor(origin: string, clock: Clock, onUnannouncedClose: () => void, { proxy, socketPath }: Route) {
    super(origin, clock, onUnannouncedClose)
    this.#url = new URL(origin)
    this.#proxy = proxy
    const { host, port } = proxy ?? { host: hostOf(this.#url), port: Number(this.#url.port || 80) }
    this.#to = socketPath === undefined ? { host, port } : { path: socketPath }
  }

  override get isOpen(): boolean {
    return this.#socket !== undefined && this.clock.now() < this.#keptUntilNs
  }

  onHead(status: number, headers: IncomingHttpHeaders): void {
    this.#keptNs = keptNs(headers['keep-alive'])
    this.#handler!.onResponseStart(status, headers)
  }

  onBody(bytes: Buffer, start: number, end: number): void {
    this.#handler!.onResponseData(bytes, start, end)
  }

  onEnd(keepAlive: boolean): void {
    const handler = this.#handler!
    const reusable = keepAlive && !this.#request!.reset && this.#socket!.writableLength === 0
    this.#handler = undefined
    this.#request = undefined
    if (reusable) this.#keptUntilNs = this.readNs + this.#keptNs
    else this.#drop()
    handler.onResponseEnd()
  }

  protected override write(request: OutgoingRequest, handler: ResponseHandler): void {
    this.#request = request
    this.#handler = handler
    if (this.#socket !== undefined && this.clock.now() < this.#keptUntilNs) return this.#send(this.#socket)
    this.#drop()
    this.#open()
  }

  protected override open(done: (open: boolean) => void): void {
    this.#ahead = done
    this.#open()
  }

  protected override end(): void {
    this.#handler = undefined
    this.#drop()
  }

  #open(): void {
    this.opening()
    let open = false
    const socket = connect({
      ...this.#to,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      onread: {
        buffer: READ_BUFFER,
        callback: (length) => {
          this.#onRead(socket, length, this.clock.now())
          return true
        },
      },
    })
    this.#socket = socket
    socket
      .setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(Object.assign(new Error('the connection timed out'), { code: 'ETIMEDOUT' })))
      .on('connect', () => {
        open = true
        socket.setTimeout(0)
        if (this.#socket !== socket) return
        this.opened()
        if (this.#ahead === undefined) this.#send(socket)
        else this.#openedAhead(true)
      })
      .on('end', () => this.#onClosed(socket, new PeerClosedError()))
      .on('error', (error) => this.#onClosed(socket, open || this.#proxy === undefined ? error : proxyFailure(this.#proxy, error)))
  }

  #openedAhead(open: boolean): void {
    const done = this.#ahead
    this.#ahead = undefined
    done?.(open)
  }

  #send(socket: Socket): void {
    const request = this.#request!
    if (this.#headed === undefined || !haveOneHead(this.#headed, request)) {
      const { method, path, headers, reset } = request
      this.#headed = { method, path, headers, reset }
      this.#head = headOf(request, this.#url, this.#proxy)
    }
    const bytes = bytesOf(this.#head, request.body)
    this.#keptUntilNs = Infinity
    this.#parser.begin()
    this.#handler!.onRequestStart()
    socket.write(bytes)
  }

  #onRead(socket: Socket, length: number, nowNs: number): void {
    if (this.#socket !== socket) return
    // Nobody asked for it: whoever sends it can't be talked to any further.
    if (this.#parser.idle) return this.#drop()
    this.hasRead(nowNs)
    try {
      this.#parser.push(READ_BUFFER, 0, length)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      this.#fail(error)
    }
  }

  #onClosed(socket: Socket, error: Error): void {
    if (this.#socket !== socket) return
    if (error instanceof PeerClosedError && this.#parser.close()) return
    this.hasClosed(error)
    this.#fail(error)
  }

  #fail(error: Error): void {
    const handler = this.#handler
    this.#handler = undefined
    this.#drop()
    handler?.onResponseError(error)
  }

  /** Closes the socket, which is none of ours from now on. */
  #drop(): void {
    this.#parser.stop()
    this.#socket?.destroy()
    this.#socket = undefined
    this.#openedAhead(false)
  }
}

/** A request's head but for the length of its body; to a proxy the whole URL is named, which it forwards to. */
function headOf({ method, path, headers, reset }: OutgoingRequest, { origin, host }: URL, proxy: Proxy | undefined): string {
  let head = `${method} ${proxy === undefined ? path : origin + path} HTTP/1.1\r\n`
  if (proxy?.authorization !== undefined) head += `proxy-authorization: ${proxy.authorization}\r\n`
  let hasHost = false
  for (let i = 0; i < headers.length; i += 2) {
    head += `${headers[i]!}: ${headers[i + 1]!}\r\n`
    hasHost ||= headers[i]!.toLowerCase() === 'host'
  }
  if (!hasHost) head += `host: ${host}\r\n`
  return head + (reset ? 'connection: close\r\n' : 'connection: keep-alive\r\n')
}

/** Whether two requests have the same head but for the length of their bodies. */
function haveOneHead(one: Omit<OutgoingRequest, 'body'>, other: OutgoingRequest): boolean {
  return one.headers === other.headers && one.path === other.path && one.method === other.method && one.reset === other.reset
}

/** Head and body, for one write. */
function bytesOf(head: string, body: string | undefined): Buffer {
  if (body === undefined) return Buffer.from(`${head}\r\n`, 'latin1')
  const length = Buffer.byteLength(body)
  const whole = `${head}content-length: ${length}\r\n\r\n`
  const bytes = Buffer.allocUnsafe(whole.length + length)
  bytes.write(whole, 0, 'latin1')
  bytes.write(body, whole.length, 'utf8')
  return bytes
}

/** How long a server keeps a resting connection, less a margin for what is under way. */
function keptNs(header: string | string[] | undefined): number {
  const timeout = /timeout=(\d+)/i.exec(String(header ?? ''))?.[1]
  return timeout === undefined ? KEPT_NS : Number(timeout) * 1e9 - KEPT_MARGIN_NS
}

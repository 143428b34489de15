import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../../metrics/clock.ts'
import type { Connection, ResponseHandler } from './connection.ts'
import { PROMPTLY_NS } from './connection.ts'
import type { Transport } from './connections.ts'
import { Connections } from './connections.ts'
import type { Failure, Phase } from './failure.ts'
import { closedByPeer, transportFailure, WireError } from './failure.ts'
import type { Route } from './route.ts'
import { DIRECT } from './route.ts'
import { aheadSignal } from './lanes.ts'
import type { Lacking } from './time-limits.ts'
import { TimeLimits } from './time-limits.ts'
import { CANCELLED, UnderWay } from './under-way.ts'
import { isExpected, unexpectedFailure } from './unexpected.ts'

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly origin: string
  /** Path and query. */
  readonly path: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body?: string | undefined
  /** Seconds for this request instead of the client's. */
  readonly timeout?: number | undefined
}

/** Takes the body of a 2xx answer as it comes. */
export interface BodyReader {
  /** `stream`: events or lines; `json`: one document. */
  readonly form: 'stream' | 'json'
  /**
   * @param bytes these from `start` to before `end`, valid only during the call
   * @param readNs when the bytes were read from the socket; the same for all that one read brought
   * @throws {WireError} where nothing can be made of them; the connection is then closed
   */
  read(bytes: Buffer, start: number, end: number, readNs: number): void
}

/** How an exchange went; times in nanoseconds on the client's clock. */
export interface Exchange {
  readonly sentNs?: number | undefined
  readonly connectNs?: number | undefined
  /** When the last bytes of the body were read. */
  readonly lastReadNs?: number | undefined
  readonly endNs: number
  readonly status?: number | undefined
  readonly headers?: IncomingHttpHeaders | undefined
  readonly failure?: Failure | undefined
  /** The request was sent twice: the server had closed the kept-alive connection that it was sent on first. */
  readonly resent?: true | undefined
}

export interface HttpClientOptions {
  readonly clock: Clock
  /** Seconds for a whole request. */
  readonly timeout: number
  /** Seconds without a byte in the middle of a body. */
  readonly idleTimeout: number
  /** What carries plain HTTP: by default sockets of our own. */
  readonly transport?: Transport | undefined
  /** The way to the servers: by default straight to the URL's host. */
  readonly route?: Route | undefined
}

/**
 * HTTP for measuring: keep-alive, one request a connection at a time, no redirects, times at the socket. Nothing is sent
 * again but what went out on a kept-alive connection that the server had closed by then, and the exchange says so.
 */
export class HttpClient {
  readonly #options: HttpClientOptions
  readonly #connections: Connections
  #closed = false
  readonly #underWay = new UnderWay()

  constructor(options: HttpClientOptions) {
    this.#options = options
    this.#connections = new Connections(options.clock, options.transport ?? 'socket', options.route ?? DIRECT)
  }

  /** Sends a request and hands the answer's body to `reader`. Never rejects. */
  exchange(request: HttpRequest, reader: BodyReader, signal: AbortSignal): Promise<Exchange> {
    const { clock, timeout, idleTimeout } = this.#options
    if (signal.aborted || this.#closed) return Promise.resolve({ endNs: clock.now(), failure: CANCELLED })
    return new Promise((resolve) => {
      const running = new RunningExchange(
        clock,
        this.#connections,
        request,
        reader,
        request.timeout ?? timeout,
        idleTimeout,
        (exchange) => {
          this.#underWay.delete(running, signal)
          resolve(exchange)
        },
      )
      this.#underWay.add(running, signal)
      running.start()
    })
  }

  /**
   * Opens connections ahead, until `count` to this origin are free or the time for it is over; nothing is sent on them.
   * @returns how many are free
   */
  openAhead(origin: string, count: number, signal: AbortSignal): Promise<number> {
    return this.#connections.openAhead(origin, count, aheadSignal(signal))
  }

  /** Origins that were found to close connections after an answer without saying so. */
  get unkept(): readonly string[] {
    return [...this.#connections.unkept]
  }

  /** Closes every connection; requests under way fail as cancelled. */
  async close(): Promise<void> {
    this.#closed = true
    this.#underWay.cancelAll()
    await this.#connections.close()
  }
}

/** A sentence for a run's reader about each of these origins. */
export function unkeptNotes(origins: readonly string[]): string[] {
  return origins.map((origin) => `${origin} closes connections unannounced: each request opens its own (no part of TTFT).`)
}

/** An answer that is not the expected one is read up to this, for its message. */
const UNEXPECTED_BODY_LIMIT = 64 * 1024

class RunningExchange implements ResponseHandler {
  readonly #clock: Clock
  readonly #connections: Connections
  readonly #request: HttpRequest
  readonly #reader: BodyReader
  readonly #limits: TimeLimits
  readonly #done: (exchange: Exchange) => void
  #connection: Connection
  #settled = false
  #resent: true | undefined
  #sentNs: number | undefined
  #connectNs: number | undefined
  #status: number | undefined
  #headers: IncomingHttpHeaders | undefined
  /** Collected instead of read where the answer is not the expected one. */
  #unexpected: Buffer[] | undefined
  #unexpectedBytes = 0

  constructor(
    clock: Clock,
    connections: Connections,
    request: HttpRequest,
    reader: BodyReader,
    timeout: number,
    idleTimeout: number,
    done: (exchange: Exchange) => void,
  ) {
    this.#clock = clock
    this.#connections = connections
    this.#request = request
    this.#reader = reader
    this.#done = done
    this.#limits = new TimeLimits(
      clock,
      timeout,
      idleTimeout,
      (failure) => this.#failFor(failure),
      () => this.#lacking(),
    )
    this.#connection = connections.take(request.origin)
  }

  start(): void {
    const { method, path, headers, body, origin } = this.#request
    // Says `Connection: close` where the connection is for this request alone.
    const reset = this.#connections.unkept.has(origin)
    this.#connection.dispatch({ method, path, headers, body, reset }, this)
  }

  onRequestStart(): void {
    this.#sentNs = this.#clock.now()
    this.#connectNs = this.#connection.connectNs
    this.#connection.sent(this.#sentNs)
  }

  onResponseStart(status: number, headers: IncomingHttpHeaders): void {
    if (this.#settled) return
    this.#status = status
    this.#headers = headers
    if (status >= 300 || !isExpected(headers, this.#reader.form)) this.#unexpected = []
  }

  onResponseData(bytes: Buffer, start: number, end: number): void {
    if (this.#settled) return
    const readNs = this.#connection.readNs
    this.#limits.read(readNs)
    if (this.#unexpected !== undefined) return this.#collect(bytes.subarray(start, end))
    try {
      this.#reader.read(bytes, start, end, readNs)
    } catch (error) {
      this.fail(
        error instanceof WireError
          ? { kind: error.kind, message: error.message }
          : { kind: 'protocol', message: `the answer could not be read: ${String(error)}` },
      )
    }
  }

  onResponseEnd(): void {
    this.#settle(this.#unexpected === undefined ? undefined : this.#unexpectedFailure(), true)
  }

  onResponseError(error: Error): void {
    if (this.#settled) return
    if (this.#foundClosed(error)) return this.#startAnew()
    const opening: Phase = this.#connection.isHandshaking ? 'handshake' : 'connecting'
    const phase = this.#sentNs === undefined ? opening : this.#status === undefined ? 'waiting' : 'reading'
    this.#failFor(transportFailure(error, phase, this.#reader.form === 'json'))
  }

  /**
   * Whether the server had closed the kept-alive connection before the request got there: then no server has seen it. One that
   * took the request and closed within the same moment looks alike; a second such close is a failure.
   */
  #foundClosed(error: Error): boolean {
    if (!this.#connection.reusedInVain || !closedByPeer(error)) return false
    return this.#sentNs === undefined || this.#clock.now() - this.#sentNs <= PROMPTLY_NS
  }

  #startAnew(): void {
    if (this.#sentNs !== undefined) this.#resent = true
    this.#sentNs = undefined
    this.#connection = this.#connections.replace(this.#connection)
    this.start()
  }

  /** Ends the exchange now and closes its socket. */
  fail(failure: Failure): void {
    this.#settle(failure, false)
  }

  /** Ends the exchange for what went wrong, unless the answer says itself what did. */
  #failFor(failure: Failure): void {
    const told = this.#unexpected !== undefined && (this.#status! >= 300 || this.#unexpectedBytes > 0)
    this.fail(told ? this.#unexpectedFailure() : failure)
  }

  #settle(failure: Failure | undefined, reusable: boolean): void {
    if (this.#settled) return
    this.#settled = true
    this.#limits.stop()
    const endNs = this.#clock.now()
    if (reusable) this.#connections.release(this.#connection)
    else this.#connections.discard(this.#connection)
    this.#done({
      sentNs: this.#sentNs,
      connectNs: this.#connectNs,
      lastReadNs: this.#limits.lastReadNs,
      endNs,
      status: this.#status,
      headers: this.#headers,
      failure,
      resent: this.#resent,
    })
  }

  #collect(bytes: Buffer): void {
    this.#unexpected!.push(Buffer.from(bytes))
    this.#unexpectedBytes += bytes.length
    if (this.#unexpectedBytes >= UNEXPECTED_BODY_LIMIT) this.fail(this.#unexpectedFailure())
  }

  #unexpectedFailure(): Failure {
    const body = Buffer.concat(this.#unexpected!).toString()
    return unexpectedFailure(this.#status!, this.#headers!, body, this.#reader.form)
  }

  #lacking(): Lacking {
    if (this.#sentNs !== undefined) return { what: this.#status === undefined ? 'no answer' : 'no end of the answer' }
    const hint = this.#connection.isHandshaking ? ': no TLS came about, the server may speak plain http' : ''
    return { what: 'no connection', hint }
  }
}

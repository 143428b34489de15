import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../../metrics/clock.ts'
import { closedByPeer } from './failure.ts'

/** After this a server that does not accept a connection counts as unreachable. */
export const CONNECT_TIMEOUT_MS = 30_000

/** A close within this time of an answer's end, or of a send, was already on its way then. */
export const PROMPTLY_NS = 100e6

/** One request as a connection writes it. */
export interface OutgoingRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly path: string
  /** Names and values in turn. */
  readonly headers: readonly string[]
  readonly body?: string | undefined
  /** Say `Connection: close`: the connection is for this request alone. */
  readonly reset: boolean
}

/** Told of one request's way. Nothing follows `onResponseEnd` or `onResponseError`. */
export interface ResponseHandler {
  /** Right before the one write of head and body: after it, the server may have answered before we look at the clock again. */
  onRequestStart(): void
  /** Interim answers (1xx) are left out. */
  onResponseStart(status: number, headers: IncomingHttpHeaders): void
  /** Bytes of the body, `bytes[start]` to `bytes[end − 1]`, valid only during the call. */
  onResponseData(bytes: Buffer, start: number, end: number): void
  onResponseEnd(): void
  onResponseError(error: Error): void
}

/**
 * One keep-alive connection to one origin, for one request at a time; opens its socket when it has to, anew after a close.
 * Here are the rules of using a socket again, which are the same for every transport; how bytes go is the transport's.
 */
export abstract class Connection {
  readonly origin: string
  /** When the bytes that are being handed on were read from the socket. */
  readNs = Number.NaN
  /** How long opening took, if that was done for the present request. */
  connectNs: number | undefined
  protected readonly clock: Clock
  readonly #onUnannouncedClose: () => void
  #openStartNs = Number.NaN
  /** The present request found the connection open. */
  #reused = false
  /** Bytes have come for the present request. */
  #answered = false
  /** When the last answer ended; NaN from the next send on. */
  #answeredNs = Number.NaN
  /** The present request was sent right after an answer. */
  #sentPromptly = false
  /** How long it took to open the socket ahead; told of with the first request. */
  #aheadNs: number | undefined
  #resting = false
  #afterRest: (() => void) | undefined
  #destroyed = false

  /** @param onUnannouncedClose called where the server closes right after an answer, though it had not said that it would */
  constructor(origin: string, clock: Clock, onUnannouncedClose: () => void) {
    this.origin = origin
    this.clock = clock
    this.#onUnannouncedClose = onUnannouncedClose
  }

  /** Whether the present request found the connection open, and nothing has come back on it. */
  get reusedInVain(): boolean {
    return this.#reused && !this.#answered
  }

  /** Whether the connection had rested for a moment only when the present request was sent, or until now. */
  get restedBriefly(): boolean {
    return this.#sentPromptly || this.#isPrompt(this.clock.now())
  }

  /** Whether the next request will find the socket open. */
  abstract get isOpen(): boolean

  /** Whether the other side took the connection and has not agreed on TLS: it may speak plain HTTP. */
  get isHandshaking(): boolean {
    return false
  }

  /** Makes a free connection ready for its next request. */
  reuse(): this {
    this.#reused = true
    this.#answered = false
    this.#sentPromptly = false
    this.connectNs = this.#aheadNs
    this.#aheadNs = undefined
    return this
  }

  /**
   * Opens the socket ahead of the first request, which then finds it open.
   * @returns whether it is open; what stands in the way of it is found again, and told, by the request
   */
  async openAhead(): Promise<boolean> {
    const open = await new Promise<boolean>((resolve) => this.open(resolve))
    this.#aheadNs = open ? this.connectNs : undefined
    return open && !this.#destroyed
  }

  /**
   * Sends a request. Where an answer has ended a moment ago, not before the event loop has read from its sockets once more:
   * an end that lay behind the answer is seen then.
   */
  dispatch(request: OutgoingRequest, handler: ResponseHandler): void {
    if (this.#resting) this.#afterRest = () => this.write(request, handler)
    else this.write(request, handler)
  }

  /** The present request is about to be handed to the socket. */
  sent(nowNs: number): void {
    // A request may go out in several writes.
    this.#sentPromptly ||= this.#isPrompt(nowNs)
    this.#answeredNs = Number.NaN
  }

  /** The present request's answer was read to its end. */
  rest(): void {
    this.#answeredNs = this.clock.now()
    this.#resting = true
    // The first comes at the end of this turn of the event loop, the second after the reads of the next.
    setImmediate(() =>
      setImmediate(() => {
        this.#resting = false
        const then = this.#afterRest
        this.#afterRest = undefined
        then?.()
      }),
    )
  }

  /** Closes the socket now, in the middle of being opened as well. */
  async destroy(): Promise<void> {
    this.#destroyed = true
    this.#afterRest = undefined
    await this.end()
  }

  /** Sends a request now. */
  protected abstract write(request: OutgoingRequest, handler: ResponseHandler): void

  /** Opens the socket and sends nothing; calls back once, also where the connection is destroyed meanwhile. */
  protected abstract open(done: (open: boolean) => void): void

  /** Closes the socket and tells nobody. */
  protected abstract end(): void | Promise<void>

  /** A socket is being opened for the present request. */
  protected opening(): void {
    this.#reused = false
    this.#openStartNs = this.clock.now()
  }

  protected opened(): void {
    this.connectNs = this.clock.now() - this.#openStartNs
  }

  /** Bytes were read; those that are handed on from now to the next read have this time. */
  protected hasRead(nowNs: number): void {
    this.readNs = nowNs
    this.#answered = true
  }

  /** The socket has closed for this reason. */
  protected hasClosed(error: Error): void {
    if (!this.#destroyed && this.#isPrompt(this.clock.now()) && closedByPeer(error)) this.#onUnannouncedClose()
  }

  #isPrompt(nowNs: number): boolean {
    return nowNs - this.#answeredNs <= PROMPTLY_NS
  }
}

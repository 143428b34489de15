import { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Dispatcher } from 'undici'
import { buildConnector, Client } from 'undici'
import type { Clock } from '../../metrics/clock.ts'
import { closedByPeer } from './failure.ts'

/** After this a server that does not accept a connection counts as unreachable. */
const CONNECT_TIMEOUT_MS = 30_000

/** A close within this time of an answer's end, or of a send, was already on its way then. */
export const PROMPTLY_NS = 100e6

/**
 * One keep-alive connection. undici's `Pool` is not used: it looks for a free connection one by one, and opens a second
 * one for a client that sends again as soon as its answer ends.
 */
export class Connection {
  readonly origin: string
  /** When the bytes that are being handed on were read from the socket. */
  readNs = Number.NaN
  /** How long opening took, if that was done for the present request. */
  connectNs: number | undefined
  readonly #client: Client
  readonly #clock: Clock
  #socket: Socket | undefined
  #handshaking = false
  /** The present request found the connection open. */
  #reused = false
  /** Bytes have come for the present request. */
  #answered = false
  /** When the last answer ended; absent from the next send on. */
  #answeredNs: number | undefined
  /** The present request was sent right after an answer. */
  #sentPromptly = false
  #resting = false
  #afterRest: (() => void) | undefined
  #destroyed = false

  /** @param onUnannouncedClose called where the server closes right after an answer, though it had not said that it would */
  constructor(origin: string, clock: Clock, connector: buildConnector.connector, onUnannouncedClose: () => void) {
    this.origin = origin
    this.#clock = clock
    this.#client = new Client(origin, {
      pipelining: 1,
      // Ours replace them: a long prefill would trip these after 300 s.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, callback) => {
        const startNs = clock.now()
        this.#reused = false
        const socket: unknown = connector(options, (...result) => {
          const [, opened] = result
          // Where opening failed there is no socket at all, whatever the types say.
          if (opened) {
            this.connectNs = clock.now() - startNs
            this.#handshaking = false
            // Comes before undici's own listener; one read's bytes are handed on in several calls, all with this time.
            opened.on('readable', () => {
              // Readable it is at its end too.
              if (opened.readableLength === 0) return
              this.readNs = clock.now()
              this.#answered = true
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
    this.#client.on('disconnect', (_url, _targets, error) => {
      if (this.#isPrompt(clock.now()) && !this.#destroyed && closedByPeer(error)) onUnannouncedClose()
    })
  }

  /** Whether the present request found the connection open, and nothing has come back on it. */
  get reusedInVain(): boolean {
    return this.#reused && !this.#answered
  }

  /** Whether the connection had rested for a moment only when the present request was sent, or until now. */
  get restedBriefly(): boolean {
    return this.#sentPromptly || this.#isPrompt(this.#clock.now())
  }

  /** Whether the other side took the connection and has not agreed on TLS: it may speak plain HTTP. */
  get isHandshaking(): boolean {
    return this.#handshaking
  }

  /** Makes a free connection ready for its next request. */
  reuse(): this {
    this.#reused = true
    this.#answered = false
    this.#sentPromptly = false
    this.connectNs = undefined
    return this
  }

  /**
   * Sends a request. Where an answer has ended in this turn of the event loop, that is after the turn: undici looks once more
   * at the socket before it writes, and only now comes a read between, which sees an end that lay behind the answer.
   */
  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    if (this.#resting) this.#afterRest = () => void this.#client.dispatch(request, handler)
    else this.#client.dispatch(request, handler)
  }

  /** The present request's last byte has been handed to the socket. */
  sent(nowNs: number): void {
    this.#sentPromptly = this.#isPrompt(nowNs)
    this.#answeredNs = undefined
  }

  /** The present request's answer was read to its end. */
  rest(): void {
    this.#answeredNs = this.#clock.now()
    this.#resting = true
    setImmediate(() => {
      this.#resting = false
      this.#afterRest?.()
      this.#afterRest = undefined
    })
  }

  /** Closes the socket now, in the middle of being opened as well. */
  async destroy(): Promise<void> {
    this.#destroyed = true
    this.#socket?.destroy()
    await this.#client.destroy()
  }

  #isPrompt(nowNs: number): boolean {
    return this.#answeredNs !== undefined && nowNs - this.#answeredNs <= PROMPTLY_NS
  }
}

/** All connections of a run, as many as are needed at once, the last used being used first. */
export class Connections {
  readonly #clock: Clock
  readonly #connector = buildConnector({ allowH2: false, timeout: CONNECT_TIMEOUT_MS })
  readonly #all = new Set<Connection>()
  readonly #free = new Map<string, Connection[]>()
  readonly #unkept = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Origins that close connections after an answer without saying so: theirs are not used again. */
  get unkept(): ReadonlySet<string> {
    return this.#unkept
  }

  take(origin: string): Connection {
    return this.#free.get(origin)?.pop()?.reuse() ?? this.open(origin)
  }

  /** A connection that nothing was sent on. */
  open(origin: string): Connection {
    const connection = new Connection(origin, this.#clock, this.#connector, () => this.unkeep(origin))
    this.#all.add(connection)
    return connection
  }

  /** Gives a connection back whose answer was read to its end. */
  release(connection: Connection): void {
    const { origin } = connection
    if (this.#unkept.has(origin)) return this.discard(connection)
    connection.rest()
    const free = this.#free.get(origin)
    if (free === undefined) this.#free.set(origin, [connection])
    else free.push(connection)
  }

  /** Replaces a connection that its server had closed when a request was sent on it. */
  replace(connection: Connection): Connection {
    if (connection.restedBriefly) this.unkeep(connection.origin)
    this.discard(connection)
    return this.open(connection.origin)
  }

  /** Closes a connection whose answer was not read to its end. */
  discard(connection: Connection): void {
    this.#all.delete(connection)
    void connection.destroy()
  }

  /** From now on an origin's connections are used for one request each. */
  unkeep(origin: string): void {
    this.#unkept.add(origin)
    for (const connection of this.#free.get(origin) ?? []) this.discard(connection)
    this.#free.delete(origin)
  }

  async close(): Promise<void> {
    const all = [...this.#all]
    this.#all.clear()
    this.#free.clear()
    await Promise.all(all.map((connection) => connection.destroy()))
  }
}

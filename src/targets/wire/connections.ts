import { Socket } from 'node:net'
import { buildConnector, Client } from 'undici'
import type { Clock } from '../../metrics/clock.ts'

/** After this a server that does not accept a connection counts as unreachable. */
const CONNECT_TIMEOUT_MS = 30_000

/**
 * One keep-alive connection. undici's `Pool` is not used: it looks for a free connection one by one, and opens a second
 * one for a client that sends again as soon as its answer ends.
 */
export class Connection {
  readonly origin: string
  readonly client: Client
  /** When the bytes that are being handed on were read from the socket. */
  readNs = Number.NaN
  /** How long opening took, if that was done for the present request. */
  connectNs: number | undefined
  #socket: Socket | undefined

  constructor(origin: string, clock: Clock, connector: buildConnector.connector) {
    this.origin = origin
    this.client = new Client(origin, {
      pipelining: 1,
      // Ours replace them: a long prefill would trip these after 300 s.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options, callback) => {
        const startNs = clock.now()
        const socket: unknown = connector(options, (...result) => {
          const [, opened] = result
          // Where opening failed there is no socket at all, whatever the types say.
          if (opened) {
            this.connectNs = clock.now() - startNs
            // Comes before undici's own listener; one read's bytes are handed on in several calls, all with this time.
            opened.on('readable', () => {
              this.readNs = clock.now()
            })
          }
          callback(...result)
        })
        if (socket instanceof Socket) this.#socket = socket
      },
    })
  }

  /** Closes the socket now, in the middle of being opened as well. */
  async destroy(): Promise<void> {
    this.#socket?.destroy()
    await this.client.destroy()
  }
}

/** All connections of a run, as many as are needed at once, the last used being used first. */
export class Connections {
  readonly #clock: Clock
  readonly #connector = buildConnector({ allowH2: false, timeout: CONNECT_TIMEOUT_MS })
  readonly #all = new Set<Connection>()
  readonly #free = new Map<string, Connection[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  take(origin: string): Connection {
    const free = this.#free.get(origin)?.pop()
    if (free !== undefined) {
      free.connectNs = undefined
      return free
    }
    const connection = new Connection(origin, this.#clock, this.#connector)
    this.#all.add(connection)
    return connection
  }

  /** Gives a connection back whose answer was read to its end. */
  release(connection: Connection): void {
    const free = this.#free.get(connection.origin)
    if (free === undefined) this.#free.set(connection.origin, [connection])
    else free.push(connection)
  }

  /** Closes a connection whose answer was not read to its end. */
  discard(connection: Connection): void {
    this.#all.delete(connection)
    void connection.destroy()
  }

  async close(): Promise<void> {
    const all = [...this.#all]
    this.#all.clear()
    this.#free.clear()
    await Promise.all(all.map((connection) => connection.destroy()))
  }
}

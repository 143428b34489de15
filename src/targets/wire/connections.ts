import type { Clock } from '../../metrics/clock.ts'
import type { Connection } from './connection.ts'
import { Dialer } from './dialer.ts'
import { Http2Connection } from './http2-connection.ts'
import { inLanes } from './lanes.ts'
import type { Route } from './route.ts'
import { SocketConnection } from './socket-connection.ts'
import { UndiciConnection } from './undici-connection.ts'

/**
 * What carries plain HTTP: sockets of our own, which cost less and read sooner, or undici, which carries TLS anyway. To a proxy
 * it is sockets of our own.
 */
export type Transport = 'socket' | 'undici'

/** All connections of a run, as many as are needed at once, the last used being used first. */
export class Connections {
  readonly #clock: Clock
  readonly #transport: Transport
  readonly #route: Route
  readonly #dialer: Dialer
  readonly #all = new Set<Connection>()
  readonly #free = new Map<string, Connection[]>()
  readonly #unkept = new Set<string>()

  constructor(clock: Clock, transport: Transport, route: Route) {
    this.#clock = clock
    this.#transport = transport
    this.#route = route
    this.#dialer = new Dialer(route)
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
    const connection = this.#connectionTo(origin, () => this.unkeep(origin))
    this.#all.add(connection)
    return connection
  }

  #connectionTo(origin: string, onUnannouncedClose: () => void): Connection {
    const own = this.#transport === 'socket' || this.#route.proxy !== undefined
    if (own && origin.startsWith('http:')) return new SocketConnection(origin, this.#clock, onUnannouncedClose, this.#route)
    const Kind = this.#route.http2 ? Http2Connection : UndiciConnection
    return new Kind(origin, this.#clock, onUnannouncedClose, this.#dialer)
  }

  /**
   * Opens connections ahead, so that `count` are free in the end, or as many as there are when the signal aborts. They are used in
   * the order in which they were opened: a server that serves so many at a time begins with the first ones.
   * @returns how many are free
   */
  async openAhead(origin: string, count: number, signal: AbortSignal): Promise<number> {
    const free: Connection[] = []
    for (const connection of this.#free.get(origin) ?? []) {
      if (connection.isOpen) free.push(connection)
      else this.discard(connection)
    }
    this.#free.set(origin, free)
    await inLanes(this.#unkept.has(origin) ? 0 : count - free.length, signal, async () => {
      const connection = this.open(origin)
      if ((await connection.openAhead()) && this.#free.get(origin) === free) {
        free.unshift(connection)
        return true
      }
      this.discard(connection)
      return false
    })
    return free.length
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

import { createSecureContext } from 'node:tls'
import type { ChannelCredentials } from '@grpc/grpc-js'
import { credentials } from '@grpc/grpc-js'
import type { Clock } from '../../../metrics/clock.ts'
import { inLanes } from '../lanes.ts'
import type { Route } from '../route.ts'
import type { GrpcAddress } from './connection.ts'
import { GrpcConnection } from './connection.ts'

/**
 * Connections that are kept: each call has one of its own while it lasts, as over HTTP/1.1. So no server's limit on streams
 * makes a call wait inside of the library, where the wait would pass for the server's, and a broken connection breaks one call.
 */
export class GrpcConnections {
  readonly #clock: Clock
  readonly #route: Route
  readonly #idle = new Map<GrpcAddress, GrpcConnection[]>()
  #closed = false
  #secured: ChannelCredentials | undefined

  constructor(clock: Clock, route: Route) {
    this.#clock = clock
    this.#route = route
  }

  /** One that is ready, or else a new one, not opened yet. */
  take(address: GrpcAddress): GrpcConnection {
    const idle = this.#idleAt(address)
    for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
      if (connection.isReady) return connection
      connection.close()
    }
    return this.#open(address)
  }

  /**
   * Opens connections ahead, so that `count` are free in the end, or as many as there are when the signal aborts. They are used
   * in the order in which they were opened.
   * @returns how many are free
   */
  async openAhead(address: GrpcAddress, count: number, signal: AbortSignal): Promise<number> {
    const idle = this.#idleAt(address)
    await inLanes(count - idle.length, signal, async () => {
      const connection = this.#open(address)
      if ((await connection.open()) && !this.#closed && !signal.aborted) {
        idle.unshift(connection)
        return true
      }
      connection.close()
      return false
    })
    return idle.length
  }

  /** Keeps a connection for the next call. */
  release(connection: GrpcConnection): void {
    this.#idleAt(connection.address).push(connection)
  }

  /** Closes those that no call has. */
  close(): void {
    this.#closed = true
    for (const connection of [...this.#idle.values()].flat()) connection.close()
    this.#idle.clear()
  }

  #open(address: GrpcAddress): GrpcConnection {
    return new GrpcConnection(address, address.tls ? this.#tls() : credentials.createInsecure(), this.#clock)
  }

  #idleAt(address: GrpcAddress): GrpcConnection[] {
    const idle = this.#idle.get(address) ?? []
    this.#idle.set(address, idle)
    return idle
  }

  /** As over HTTP: left alone, the library would trust the file of GRPC_DEFAULT_SSL_ROOTS_FILE_PATH, and nothing else. */
  #tls(): ChannelCredentials {
    const { secureContext, rejectUnauthorized } = this.#route
    return (this.#secured ??= credentials.createFromSecureContext(secureContext ?? createSecureContext(), { rejectUnauthorized }))
  }
}

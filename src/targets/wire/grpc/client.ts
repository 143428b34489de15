import type { ClientReadableStream, StatusObject } from '@grpc/grpc-js'
import { Metadata } from '@grpc/grpc-js'
import type { Clock } from '../../../metrics/clock.ts'
import type { Failure } from '../failure.ts'
import { WireError } from '../failure.ts'
import type { Exchange } from '../http.ts'
import { aheadSignal } from '../lanes.ts'
import type { Route } from '../route.ts'
import type { Lacking } from '../time-limits.ts'
import { TimeLimits } from '../time-limits.ts'
import { CANCELLED, UnderWay } from '../under-way.ts'
import type { GrpcAddress, GrpcConnection, HealthAnswer } from './connection.ts'
import { GrpcConnections } from './connections.ts'
import { connectFailure, statusFailure } from './status.ts'

/** A call that is answered by a stream of messages. */
export interface GrpcCall {
  readonly address: GrpcAddress
  /** `/package.Service/Method` */
  readonly method: string
  readonly metadata: Metadata
  readonly message: Buffer
}

/** Takes the messages of an answer as they come. */
export interface MessageReader {
  /**
   * @param readNs when its last bytes were read from the socket
   * @throws {WireError} where nothing can be made of it; the call is then given up
   */
  read(message: Buffer, readNs: number): void
}

export interface GrpcClientOptions {
  readonly clock: Clock
  /** Seconds for a whole call. */
  readonly timeout: number
  /** Seconds without a message in the middle of an answer. */
  readonly idleTimeout: number
  /** For its TLS; nothing is reached otherwise than straight. */
  readonly route: Route
}

/** gRPC for measuring: a connection for each call, kept for the next; nothing is sent again. */
export class GrpcClient {
  readonly #options: GrpcClientOptions
  readonly #connections: GrpcConnections
  readonly #underWay = new UnderWay()
  #closed = false

  constructor(options: GrpcClientOptions) {
    this.#options = options
    this.#connections = new GrpcConnections(options.clock, options.route)
  }

  /** Sends a message and hands those of the answer to `reader`. Never rejects. */
  exchange(call: GrpcCall, reader: MessageReader, signal: AbortSignal): Promise<Exchange> {
    if (signal.aborted || this.#closed) return Promise.resolve({ endNs: this.#options.clock.now(), failure: CANCELLED })
    return new Promise((resolve) => {
      const running = new RunningCall(this.#options, this.#connections, call, reader, (exchange) => {
        this.#underWay.delete(running, signal)
        resolve(exchange)
      })
      this.#underWay.add(running, signal)
      void running.start()
    })
  }

  /**
   * Opens a connection, which the first call then has, and asks the server how it is. Nothing is generated.
   * @param timeout seconds until it is given up
   */
  async health(address: GrpcAddress, metadata: Metadata, timeout: number, signal: AbortSignal): Promise<HealthAnswer | Failure> {
    if (signal.aborted || this.#closed) return CANCELLED
    const connection = this.#connections.take(address)
    const { promise: given, resolve: fail } = Promise.withResolvers<Failure>()
    const running = { fail }
    this.#underWay.add(running, signal)
    const limits = new TimeLimits(this.#options.clock, timeout, timeout, fail, () => ({ what: 'no answer' }))
    const ask = async (): Promise<HealthAnswer | Failure> => {
      const opened = await connection.open()
      const answer = await connection.health(metadata, Date.now() + timeout * 1e3)
      return opened ? answer : connectFailure(answer.status.details)
    }
    try {
      const answer = await Promise.race([ask(), given])
      if ('status' in answer && connection.isReady) this.#connections.release(connection)
      else connection.close()
      return answer
    } finally {
      limits.stop()
      this.#underWay.delete(running, signal)
    }
  }

  /**
   * Opens connections ahead, until `count` to this address are free or the time for it is over; nothing is asked on them.
   * @returns how many are free
   */
  openAhead(address: GrpcAddress, count: number, signal: AbortSignal): Promise<number> {
    return this.#connections.openAhead(address, count, aheadSignal(signal))
  }

  /** Closes every connection; calls under way fail as cancelled. */
  close(): void {
    this.#closed = true
    this.#underWay.cancelAll()
    this.#connections.close()
  }
}

const NO_METADATA = new Metadata()
/** Milliseconds that the reason may take why there is no connection: the library has it at hand. */
const REASON_MS = 1000

class RunningCall {
  readonly #clock: Clock
  readonly #connections: GrpcConnections
  readonly #call: GrpcCall
  readonly #reader: MessageReader
  readonly #done: (exchange: Exchange) => void
  readonly #limits: TimeLimits
  readonly #connection: GrpcConnection
  #stream: ClientReadableStream<undefined> | undefined
  #settled = false
  #connectNs: number | undefined

  constructor(
    { clock, timeout, idleTimeout }: GrpcClientOptions,
    connections: GrpcConnections,
    call: GrpcCall,
    reader: MessageReader,
    done: (exchange: Exchange) => void,
  ) {
    this.#clock = clock
    this.#connections = connections
    this.#call = call
    this.#reader = reader
    this.#done = done
    this.#limits = new TimeLimits(
      clock,
      timeout,
      idleTimeout,
      (failure) => this.fail(failure),
      () => this.#lacking(),
    )
    this.#connection = connections.take(call.address)
  }

  async start(): Promise<void> {
    if (!this.#connection.isReady && !(await this.#open())) return
    const { method, message, metadata } = this.#call
    this.#stream = this.#connection.stream(method, message, metadata, (bytes, readNs) => this.#read(bytes, readNs))
    // The status tells it too.
    this.#stream.on('error', () => {})
    this.#stream.on('status', (status: StatusObject) => {
      const isReady = this.#connection.isReady
      this.#settle(statusFailure(status, !isReady, this.#limits.lastReadNs !== undefined), isReady)
    })
  }

  /** Ends the call now, and its connection with it. */
  fail(failure: Failure): void {
    this.#settle(failure, false)
  }

  async #open(): Promise<boolean> {
    const beginNs = this.#clock.now()
    const opened = await this.#connection.open()
    this.#connectNs = this.#clock.now() - beginNs
    if (this.#settled) return false
    if (opened) return true
    const { status } = await this.#connection.health(NO_METADATA, Date.now() + REASON_MS)
    this.fail(connectFailure(status.details))
    return false
  }

  #read(message: Buffer, readNs: number): void {
    if (this.#settled) return
    this.#limits.read(readNs)
    try {
      this.#reader.read(message, readNs)
    } catch (error) {
      this.fail(
        error instanceof WireError
          ? { kind: error.kind, message: error.message }
          : { kind: 'protocol', message: `the answer could not be read: ${String(error)}` },
      )
    }
  }

  #settle(failure: Failure | undefined, reusable: boolean): void {
    if (this.#settled) return
    this.#settled = true
    this.#limits.stop()
    const endNs = this.#clock.now()
    if (reusable) {
      this.#connections.release(this.#connection)
    } else {
      this.#stream?.cancel()
      this.#connection.close()
    }
    const sentNs = this.#stream && this.#connection.sentNs
    this.#done({ sentNs, connectNs: this.#connectNs, lastReadNs: this.#limits.lastReadNs, endNs, failure })
  }

  #lacking(): Lacking {
    if (this.#stream === undefined) return { what: 'no connection' }
    return { what: this.#limits.lastReadNs === undefined ? 'no answer' : 'no end of the answer' }
  }
}

import type { ChannelCredentials, ClientOptions, ClientReadableStream, Metadata, StatusObject } from '@grpc/grpc-js'
import { Client, connectivityState } from '@grpc/grpc-js'
import type { Clock } from '../../../metrics/clock.ts'
import type { SocketWitness } from '../seen-socket.ts'
import { SeenCredentials } from './seen-credentials.ts'

/** Bytes that one message of an answer may have. */
export const LARGEST_MESSAGE = 16 * 1024 * 1024

const OPTIONS: ClientOptions = {
  // Channels to one address would share a connection.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.enable_channelz': 0,
  'grpc.max_receive_message_length': LARGEST_MESSAGE,
  'grpc.max_send_message_length': -1,
}

/** A server that is reached by gRPC. */
export interface GrpcAddress {
  /** Host and port. */
  readonly host: string
  readonly tls: boolean
}

/** Bytes of a message's own head, and of the head of the HTTP/2 frame that it begins in. */
const HEADS = 5 + 9

type ReadMessage = (message: Buffer, readNs: number) => void

/** The standard question of whether a server is well; one that does not know it answers UNIMPLEMENTED. */
const HEALTH_CHECK = '/grpc.health.v1.Health/Check'

/** One HTTP/2 connection, of a channel of its own, for one call at a time. */
export class GrpcConnection {
  readonly address: GrpcAddress
  readonly #client: Client
  /** Sockets that are open; the library may notice later than we that the last one is not. */
  readonly #open = new Set<SocketWitness>()
  #readNs = Number.NaN
  #sentNs: number | undefined
  /** Bytes of the call's message that were not handed to the socket yet. */
  #unsent = 0

  constructor(address: GrpcAddress, credentials: ChannelCredentials, clock: Clock) {
    this.address = address
    const seen = new SeenCredentials(credentials, () => this.#witness(clock))
    this.#client = new Client(`dns:${address.host}`, seen, OPTIONS)
  }

  /** When the last bytes of the call's message were handed to the socket; undefined where none were. */
  get sentNs(): number | undefined {
    return this.#sentNs
  }

  /** Whether a call would go out at once. */
  get isReady(): boolean {
    return this.#open.size > 0 && this.#client.getChannel().getConnectivityState(false) === connectivityState.READY
  }

  /** Opens the connection, however long it takes; false where that failed, or it was closed meanwhile. */
  open(): Promise<boolean> {
    const channel = this.#client.getChannel()
    return new Promise((resolve) => {
      const look = (): void => {
        const state = channel.getConnectivityState(true)
        if (state === connectivityState.READY) resolve(true)
        else if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) resolve(false)
        else channel.watchConnectivityState(state, Infinity, look)
      }
      look()
    })
  }

  /**
   * Starts a call that is answered by a stream.
   * @param read is handed each message and when its last bytes were read from the socket; must not throw
   */
  stream(method: string, message: Buffer, metadata: Metadata, read: ReadMessage): ClientReadableStream<undefined> {
    this.#sentNs = undefined
    this.#unsent = HEADS + message.length
    const call = this.#client.makeServerStreamRequest(
      method,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => {
        read(bytes, this.#readNs)
        return undefined
      },
      message,
      metadata,
    )
    return call.resume()
  }

  /**
   * Asks how the server is, without making it generate. Where there is no connection the status says why.
   * @param deadline time of `Date.now()` by which an answer must have come
   */
  health(metadata: Metadata, deadline: number): Promise<HealthAnswer> {
    return new Promise((resolve) => {
      let reply: Buffer | undefined
      const call = this.#client.makeUnaryRequest(
        HEALTH_CHECK,
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
        Buffer.alloc(0),
        metadata,
        { deadline },
        (_, bytes) => {
          reply = bytes
        },
      )
      call.on('status', (status: StatusObject) => resolve({ status, reply }))
    })
  }

  close(): void {
    this.#client.close()
  }

  #witness(clock: Clock): SocketWitness {
    const witness: SocketWitness = {
      onRead: () => {
        this.#readNs = clock.now()
      },
      onWrite: (length) => {
        if (this.#unsent <= 0) return
        this.#sentNs = clock.now()
        this.#unsent -= length
      },
      onClosed: () => {
        this.#open.delete(witness)
      },
    }
    this.#open.add(witness)
    return witness
  }
}

/** What the health check gave. */
export interface HealthAnswer {
  readonly status: StatusObject
  /** A `HealthCheckResponse`, where the server knows the check. */
  readonly reply: Buffer | undefined
}

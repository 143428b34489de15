import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { ConnectionInjector, ServerWritableStream } from '@grpc/grpc-js'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import protobuf from 'protobufjs'
import type { Clock } from '../../../src/metrics/clock.ts'
import type { PplWire } from '../../../src/targets/ppl/messages.ts'

/** A `Response` as the .proto names its fields; `answer` stands for the id of the call's request of that index (0). */
export interface ResponseFields {
  readonly answer?: number
  readonly id?: number
  readonly status?: 'PROCESSING' | 'FINISHED' | 'FAILED'
  readonly generated?: string
  readonly tokens?: { readonly ids: readonly number[] }
  readonly detail?: { readonly finishReason?: string; readonly logprobs?: number; readonly isSpecial?: boolean }
}

/** What the server does next on a call. */
export type PplStep =
  /** One message of these responses; `mark` keeps the time of the write. */
  | { readonly write: readonly ResponseFields[]; readonly mark?: string }
  /** A message of these bytes. */
  | { readonly bytes: Buffer }
  /** Waits until the client has come so far. */
  | { readonly until: () => boolean }
  /** Ends the call with an error status. */
  | { readonly code: number; readonly details: string }
  /** Ends the connection with a RST. */
  | 'reset'
  /** Ends the connection with a FIN. */
  | 'close'
  /** Does nothing more. */
  | 'hang'

/** A call's `BatchedRequest`, read by the .proto, and what came with it. */
export interface SeenCall {
  readonly requests: readonly Record<string, unknown>[]
  readonly metadata: Readonly<Record<string, unknown>>
}

export interface PplServerOptions {
  /** Status that it gives in the standard health check, which it does not know where left out. */
  readonly health?: number
  /** Where it listens; any free one where left out. */
  readonly port?: number
  /** With them it speaks TLS. */
  readonly credentials?: ServerCredentials
}

interface Played {
  readonly req: { id: number }[]
}

/** A gRPC server over ppl.llm.serving's own .proto, whose calls play scripts and whose sockets are under a test's control. */
export class PplServer {
  readonly calls: SeenCall[] = []
  /** Times of marked writes, taken before the message is handed to the library; `asked` is when the last request was read. */
  readonly marks = new Map<string, number>()
  connections = 0
  readonly #open = new Set<Socket>()
  readonly #clock: Clock
  readonly #grpc = new Server()
  readonly #injector: ConnectionInjector
  readonly #sockets = createServer((socket) => this.#accept(socket))
  #script: (call: SeenCall) => readonly PplStep[] = () => []
  #onIdle: (() => void)[] = []

  private constructor(clock: Clock, wire: PplWire, { health, credentials }: PplServerOptions) {
    this.#clock = clock
    const { root } = protobuf.parse(readFileSync(new URL(`./${wire}.proto`, import.meta.url), 'utf8'))
    const Request = root.lookupType('ppl.llm.proto.BatchedRequest')
    const Response = root.lookupType('ppl.llm.proto.BatchedResponse')
    this.#grpc.addService(
      {
        Generation: {
          path: '/ppl.llm.proto.LLMService/Generation',
          requestStream: false,
          responseStream: true,
          requestSerialize: (value: Buffer) => value,
          requestDeserialize: (bytes: Buffer) => Request.toObject(Request.decode(bytes), { longs: Number, defaults: true }),
          responseSerialize: (value: Buffer | { rsp: ResponseFields[] }) =>
            Buffer.isBuffer(value) ? value : Buffer.from(Response.encode(Response.fromObject(value)).finish()),
          responseDeserialize: (bytes: Buffer) => bytes,
        },
      },
      {
        Generation: (call: ServerWritableStream<Played, unknown>) => {
          const requests = call.request.req as unknown as Record<string, unknown>[]
          const seen = { requests, metadata: call.metadata.getMap() }
          this.marks.set('asked', this.#clock.now())
          this.calls.push(seen)
          void this.#perform(call, this.#script(seen))
        },
      },
    )
    if (health !== undefined) this.#addHealth(health)
    this.#injector = this.#grpc.createConnectionInjector(credentials ?? ServerCredentials.createInsecure())
  }

  /** @param wire which .proto it serves */
  static async start(clock: Clock, wire: PplWire, options: PplServerOptions = {}): Promise<PplServer> {
    const server = new PplServer(clock, wire, options)
    await new Promise<void>((resolve) => {
      server.#sockets.listen(options.port ?? 0, '127.0.0.1', resolve)
    })
    return server
  }

  get port(): number {
    return (this.#sockets.address() as AddressInfo).port
  }

  get url(): string {
    return `grpc://127.0.0.1:${this.port}`
  }

  /** Answers each further call with these steps; a call that they do not end ends well. */
  play(...script: readonly PplStep[] | [(call: SeenCall) => readonly PplStep[]]): void {
    const [first] = script
    this.#script = typeof first === 'function' ? first : () => script as readonly PplStep[]
  }

  /** Resolves once the clients have closed all their connections. */
  async idle(): Promise<void> {
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle.push(resolve)
    })
  }

  async close(): Promise<void> {
    this.#grpc.forceShutdown()
    for (const socket of this.#open) socket.destroy()
    await new Promise((resolve) => {
      this.#sockets.close(resolve)
    })
  }

  #accept(socket: Socket): void {
    this.connections++
    this.#open.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#open.delete(socket)
      if (this.#open.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
    })
    this.#injector.injectConnection(socket)
  }

  async #perform(call: ServerWritableStream<Played, unknown>, script: readonly PplStep[]): Promise<void> {
    for (const step of script) {
      if (call.cancelled || step === 'hang') return
      if (step === 'reset' || step === 'close') {
        for (const socket of this.#open) {
          if (step === 'reset') socket.resetAndDestroy()
          else socket.destroy()
        }
        return
      }
      if ('code' in step) {
        call.emit('error', { code: step.code, details: step.details })
        return
      }
      if ('until' in step) while (!step.until() && !call.cancelled) await turn()
      else if ('bytes' in step) call.write(step.bytes)
      else {
        if (step.mark !== undefined) this.marks.set(step.mark, this.#clock.now())
        call.write({ rsp: step.write.map(({ answer = 0, ...fields }) => ({ id: call.request.req[answer]!.id, ...fields })) })
      }
      await turn()
      await turn()
    }
    call.end()
  }

  #addHealth(status: number): void {
    this.#grpc.addService(
      {
        Check: {
          path: '/grpc.health.v1.Health/Check',
          requestStream: false,
          responseStream: false,
          requestSerialize: (value: Buffer) => value,
          requestDeserialize: (bytes: Buffer) => bytes,
          responseSerialize: (value: Buffer) => value,
          responseDeserialize: (bytes: Buffer) => bytes,
        },
      },
      { Check: (_: unknown, answer: (error: null, reply: Buffer) => void) => answer(null, Buffer.from([0x08, status])) },
    )
  }
}

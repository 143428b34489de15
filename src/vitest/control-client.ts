import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { StartedTargetSpec } from '../dsl/targets.ts'
import { LlmBenchError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { Progress } from '../metrics/progress.ts'
import { lineReader } from './control-protocol.ts'
import type { ControlReply, ControlRequest, ServerAddress } from './control-protocol.ts'

/** A test process's end of the plugin's control socket. */
export class ControlClient {
  readonly #path: string
  #socket: Promise<Socket> | undefined
  #lastId = 0
  readonly #waiting = new Map<number, { resolve(server: ServerAddress): void; reject(error: Error): void }>()

  constructor(path: string) {
    this.#path = path
  }

  /** Asks the plugin for the running server of this spec. */
  async acquireServer(spec: StartedTargetSpec): Promise<ServerAddress> {
    const id = ++this.#lastId
    const reply = new Promise<ServerAddress>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    await this.#send({ type: 'acquire-server', id, spec })
    return reply
  }

  /** Tells how far a bench is; undefined when it has ended. Never fails: a lost progress line does no harm. */
  showProgress(bench: string, progress: Progress | undefined): void {
    this.#send({ type: 'progress', bench, progress }).catch(() => undefined)
  }

  async #send(request: ControlRequest): Promise<void> {
    this.#socket ??= this.#connect()
    const socket = await this.#socket
    socket.write(`${JSON.stringify(request)}\n`)
  }

  async #connect(): Promise<Socket> {
    const socket = connect(this.#path)
    socket.setEncoding('utf8')
    socket.on(
      'data',
      lineReader((message) => {
        const reply = message as ControlReply
        const waiting = this.#waiting.get(reply.id)
        this.#waiting.delete(reply.id)
        if ('server' in reply) waiting?.resolve(reply.server)
        else waiting?.reject(new LlmBenchError(reply.error.code as ErrorCode, reply.error.message))
      }),
    )
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject)).catch((error: unknown) => {
      throw new LlmBenchError('SERVER', 'The plugin does not answer on its control socket: is the vitest process still there?', {
        cause: error,
      })
    })
    socket.on('error', () => this.#drop())
    socket.on('close', () => this.#drop())
    socket.unref()
    return socket
  }

  #drop(): void {
    this.#socket = undefined
    for (const waiting of this.#waiting.values()) {
      waiting.reject(new LlmBenchError('SERVER', 'The plugin went away while a server was starting.'))
    }
    this.#waiting.clear()
  }
}

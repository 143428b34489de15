import { connect } from 'node:net'
import type { Socket } from 'node:net'
import type { StartedTargetSpec } from '../dsl/targets.ts'
import { LlmBenchError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import type { Progress } from '../metrics/progress.ts'
import { lineReader } from './control-protocol.ts'
import type { ServerExit } from '../servers/server.ts'
import type { ControlReply, ControlRequest, ServerAddress } from './control-protocol.ts'

/** A test process's end of the plugin's control socket. */
export class ControlClient {
  readonly #path: string
  #socket: Promise<Socket> | undefined
  #lastId = 0
  readonly #waiting = new Map<number, (reply: ControlReply) => void>()
  readonly #leases = new Map<number, LeasedServer>()

  constructor(path: string) {
    this.#path = path
  }

  /**
   * Asks the plugin for the running server of this spec.
   * @param signal gives up waiting
   * @throws {LlmBenchError} why there is none, with its code; `CANCELLED`
   */
  async acquireServer(spec: StartedTargetSpec, signal: AbortSignal): Promise<LeasedServer> {
    const id = ++this.#lastId
    const { promise: reply, resolve } = Promise.withResolvers<ControlReply>()
    this.#waiting.set(id, resolve)
    await this.#send({ type: 'acquire-server', id, spec })
    const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>()
    const onAbort = (): void => cancel()
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) cancel()
    const answer = await Promise.race([reply, cancelled])
    signal.removeEventListener('abort', onAbort)
    this.#waiting.delete(id)
    if (answer === undefined) {
      void this.#release(id, false)
      throw new LlmBenchError('CANCELLED', 'cancelled while the server was being started')
    }
    if (answer.type === 'error') throw new LlmBenchError(answer.error.code as ErrorCode, answer.error.message)
    const lease = this.#leases.get(id)
    if (lease === undefined) throw new LlmBenchError('SERVER', 'The plugin went away while a server was starting.')
    return lease
  }

  /** Resolves when the plugin has taken notice, or is gone. */
  async #release(id: number, suspect: boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    this.#waiting.set(id, resolve)
    await this.#send({ type: 'release-server', id, suspect }).catch(resolve)
    await promise
    this.#waiting.delete(id)
    this.#leases.delete(id)
  }

  /** Tells how far a bench, and which of its runs, is; undefined when it has ended. Never fails: a lost progress line does no harm. */
  showProgress(bench: string, progress: Progress | undefined, run?: string): void {
    this.#send({ type: 'progress', bench, run, progress }).catch(() => undefined)
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
        if (reply.type === 'ended') return this.#leases.get(reply.id)?.ended(reply.exit)
        if (reply.type === 'server') {
          this.#leases.set(reply.id, new LeasedServer(reply.server, (suspect) => this.#release(reply.id, suspect)))
        }
        this.#waiting.get(reply.id)?.(reply)
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
    for (const [id, settle] of this.#waiting) settle({ id, type: 'released' })
    this.#waiting.clear()
  }
}

/** A server while a bench uses it. */
export class LeasedServer {
  readonly address: ServerAddress
  readonly #release: (suspect: boolean) => Promise<void>
  readonly #lost = new AbortController()
  #exit: ServerExit | undefined

  constructor(address: ServerAddress, release: (suspect: boolean) => Promise<void>) {
    this.address = address
    this.#release = release
  }

  /** Aborted when the server ends meanwhile. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /**
   * The bench has done with it.
   * @param suspect whether requests failed, so that its end may be about to be told
   * @returns how it ended, if it did
   */
  async release(suspect: boolean): Promise<ServerExit | undefined> {
    await this.#release(suspect)
    return this.#exit
  }

  ended(exit: ServerExit): void {
    this.#exit = exit
    this.#lost.abort()
  }
}

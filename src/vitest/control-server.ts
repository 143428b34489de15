import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StartedTargetSpec } from '../dsl/targets.ts'
import { LlmBenchError, messageOf } from '../errors.ts'
import type { Progress } from '../metrics/progress.ts'
import type { ServerLease } from '../servers/registry.ts'
import { lineReader } from './control-protocol.ts'
import type { ControlReply, ControlRequest } from './control-protocol.ts'

interface ControlHandlers {
  acquireServer(spec: StartedTargetSpec): Promise<ServerLease>
  progress(bench: string, progress: Progress | undefined, run: string | undefined): void
}

/** The plugin's end of the socket on which test processes ask for servers and tell how far they are. */
export class ControlServer {
  readonly path: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  static async listen(handlers: ControlHandlers): Promise<ControlServer> {
    const name = `vitest-llm-bench-${process.pid}-${randomUUID().slice(0, 8)}`
    const path = process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`)
    const control = new ControlServer(path, handlers)
    await new Promise<void>((resolve, reject) => control.#server.once('error', reject).listen(path, resolve))
    // Vitest decides when its process ends, not an open socket.
    control.#server.unref()
    process.once('exit', () => rmSync(path, { force: true }))
    return control
  }

  private constructor(path: string, handlers: ControlHandlers) {
    this.path = path
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      const client = new Client(socket, handlers)
      socket.setEncoding('utf8')
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.gone()
      })
      // A test process that is gone needs no answer.
      socket.on('error', () => socket.destroy())
      socket.on(
        'data',
        lineReader((request) => client.take(request as ControlRequest)),
      )
    })
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

/** How long the end of a server is waited for whose requests failed. */
const SUSPECT_MS = 1000

/** A test process, and the servers that it uses. */
class Client {
  readonly #socket: Socket
  readonly #handlers: ControlHandlers
  readonly #leases = new Map<number, Promise<ServerLease>>()

  constructor(socket: Socket, handlers: ControlHandlers) {
    this.#socket = socket
    this.#handlers = handlers
  }

  take(request: ControlRequest): void {
    if (request.type === 'progress') this.#handlers.progress(request.bench, request.progress, request.run)
    else if (request.type === 'acquire-server') void this.#acquire(request.id, request.spec)
    else void this.#release(request.id, request.suspect)
  }

  /** What it used is free for others. */
  gone(): void {
    for (const id of this.#leases.keys()) void this.#release(id, false)
  }

  async #acquire(id: number, spec: StartedTargetSpec): Promise<void> {
    const asked = this.#handlers.acquireServer(spec)
    this.#leases.set(id, asked)
    try {
      const lease = await asked
      const { name, target, version, notes, logFile } = lease
      this.#reply({ id, type: 'server', server: { name, target, version, notes, logFile } })
      const exit = await lease.exited
      if (this.#leases.has(id)) this.#reply({ id, type: 'ended', exit })
    } catch (error) {
      this.#leases.delete(id)
      const code = error instanceof LlmBenchError ? error.code : 'SERVER'
      this.#reply({ id, type: 'error', error: { code, message: messageOf(error) } })
    }
  }

  async #release(id: number, suspect: boolean): Promise<void> {
    const lease = await this.#leases.get(id)?.catch(() => undefined)
    // Failed requests tell of a server's end sooner than its process does.
    if (suspect && lease !== undefined) await Promise.race([lease.exited, sleep(SUSPECT_MS, undefined, { ref: false })])
    this.#leases.delete(id)
    lease?.release()
    this.#reply({ id, type: 'released' })
  }

  #reply(reply: ControlReply): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(reply)}\n`)
  }
}

import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StartedTargetSpec } from '../dsl/targets.ts'
import { LlmBenchError, messageOf } from '../errors.ts'
import type { Progress } from '../metrics/progress.ts'
import type { RunningServer } from '../servers/server.ts'
import { lineReader } from './control-protocol.ts'
import type { ControlReply, ControlRequest } from './control-protocol.ts'

interface ControlHandlers {
  acquireServer(spec: StartedTargetSpec): Promise<RunningServer>
  progress(bench: string, progress: Progress | undefined): void
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
      socket.setEncoding('utf8')
      socket.on('close', () => this.#sockets.delete(socket))
      // A test process that is gone needs no answer.
      socket.on('error', () => socket.destroy())
      socket.on(
        'data',
        lineReader((request) => void answer(socket, request as ControlRequest, handlers)),
      )
    })
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}

async function answer(socket: Socket, request: ControlRequest, handlers: ControlHandlers): Promise<void> {
  if (request.type === 'progress') return handlers.progress(request.bench, request.progress)
  const { id, spec } = request
  let reply: ControlReply
  try {
    const { baseURL, model, version, tokenizer } = await handlers.acquireServer(spec)
    reply = { id, server: { baseURL, model, version, tokenizer } }
  } catch (error) {
    reply = { id, error: { code: error instanceof LlmBenchError ? error.code : 'SERVER', message: messageOf(error) } }
  }
  if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n`)
}

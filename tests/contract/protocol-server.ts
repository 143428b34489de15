import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '../../src/metrics/clock.ts'

/** What the server does next on the socket. */
export type Step =
  /** Bytes, written by themselves (as a rule the client reads them so too); `mark` keeps the time of the write. */
  | { readonly write: string | Buffer; readonly mark?: string }
  /** Waits until the client has come so far. */
  | { readonly until: () => boolean }
  /** Ends the connection with a FIN. */
  | 'close'
  /** Ends the connection with a RST. */
  | 'reset'
  /** Does nothing more until the client closes. */
  | 'hang'

const TLS_HELLO = 0x16

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly connection: number
}

/** A TCP server that plays scripted bytes, so that every split, delay and reset is under a test's control. */
export class ProtocolServer {
  readonly requests: SeenRequest[] = []
  /** Times of marked writes, taken before the bytes are written. */
  readonly marks = new Map<string, number>()
  connections = 0
  readonly #open = new Set<Socket>()
  readonly #server = createServer((socket) => this.#accept(socket))
  readonly #clock: Clock
  #script: (request: SeenRequest) => readonly Step[] = () => []
  #onIdle: (() => void)[] = []

  private constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param port where it listens; any free one where left out */
  static async start(clock: Clock, port = 0): Promise<ProtocolServer> {
    const server = new ProtocolServer(clock)
    await new Promise<void>((resolve) => {
      server.#server.listen(port, '127.0.0.1', resolve)
    })
    return server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Answers each further request with these steps. */
  play(script: readonly Step[] | ((request: SeenRequest) => readonly Step[])): void {
    this.#script = typeof script === 'function' ? script : () => script
  }

  /** Resolves once the clients have closed all their connections. */
  async idle(): Promise<void> {
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle.push(resolve)
    })
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  #accept(socket: Socket): void {
    const connection = ++this.connections
    let received = Buffer.alloc(0)
    this.#open.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#open.delete(socket)
      if (this.#open.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
    })
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      if (received[0] === TLS_HELLO) {
        socket.end(head(400, { 'content-length': '0' }))
        return
      }
      const headEnd = received.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      const [start = '', ...lines] = received.toString('latin1', 0, headEnd).split('\r\n')
      const headers = Object.fromEntries(
        lines.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
      )
      const end = headEnd + 4 + Number(headers['content-length'] ?? 0)
      if (received.length < end) return
      const [method = '', path = ''] = start.split(' ')
      const request = { method, path, headers, body: received.toString('utf8', headEnd + 4, end), connection }
      received = received.subarray(end)
      this.requests.push(request)
      void this.#perform(socket, this.#script(request))
    })
  }

  async #perform(socket: Socket, steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (socket.destroyed || step === 'hang') return
      if (step === 'close') socket.end()
      else if (step === 'reset') socket.resetAndDestroy()
      else if ('until' in step) while (!step.until() && !socket.destroyed) await turn()
      else {
        if (step.mark !== undefined) this.marks.set(step.mark, this.#clock.now())
        socket.write(step.write)
      }
      // The first turn may end before the event loop has looked at its sockets; in the second the client reads.
      await turn()
      await turn()
    }
  }
}

/** A response with a length. */
export function respond(status: number, headers: Readonly<Record<string, string>>, body: string): Step[] {
  return [{ write: `${head(status, { ...headers, 'content-length': String(Buffer.byteLength(body)) })}${body}` }]
}

/** A JSON response. */
export function respondJSON(body: unknown, status = 200): Step[] {
  return respond(status, { 'content-type': 'application/json' }, JSON.stringify(body))
}

export interface StreamOptions {
  readonly contentType: string
  /** What follows the last part: by default the stream is ended as HTTP has it. */
  readonly end?: Step
  /** Cuts the body's bytes, before they are put into HTTP chunks; by default, one write for each part. */
  readonly cut?: (bytes: Buffer) => Buffer[]
}

/** A part of a streamed body, as it is, marked, or a wait. */
export type StreamPart = string | { readonly write: string; readonly mark: string } | { readonly until: () => boolean }

/** A response in HTTP chunks, each part written by itself. */
export function respondStream(parts: readonly StreamPart[], options: StreamOptions): Step[] {
  const steps: Step[] = [{ write: head(200, { 'content-type': options.contentType, 'transfer-encoding': 'chunked' }) }]
  for (const part of parts) {
    if (typeof part !== 'string' && 'until' in part) {
      steps.push(part)
      continue
    }
    const bytes = Buffer.from(typeof part === 'string' ? part : part.write)
    const mark = typeof part === 'string' ? {} : { mark: part.mark }
    for (const piece of options.cut?.(bytes) ?? [bytes]) steps.push({ write: httpChunk(piece), ...mark })
  }
  steps.push(options.end ?? { write: '0\r\n\r\n' })
  return steps
}

/** Bytes as one chunk of a chunked body. */
export function httpChunk(bytes: Buffer | string): Buffer {
  const buffer = Buffer.from(bytes as string)
  return Buffer.concat([Buffer.from(`${buffer.length.toString(16)}\r\n`), buffer, Buffer.from('\r\n')])
}

export function head(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`
}

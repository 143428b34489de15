import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'

/** Events of an answer at least: what is done for each of them is compiled for speed after some thousand times. */
const EVENTS = 24

/** A server in this thread that answers every request with the same tokens. */
export interface StandIn {
  /** Where it listens. */
  readonly url: string
  close(): void
}

/**
 * Starts a server on a loopback port of this thread that answers requests with a sample, as one that streams does: a write for each
 * event.
 * @param sample a streamed answer's body, its events separated as the protocol does
 */
export async function startStandIn(sample: string): Promise<StandIn> {
  const sockets = new Set<Socket>()
  const events = eventsOf(sample)
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    answerRequests(socket, events)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** The chunks of a body, an event in each. In a short sample the second one, which is a token, comes again and again. */
function eventsOf(sample: string): Buffer[] {
  const separator = sample.includes('\n\n') ? '\n\n' : '\n'
  const events = sample.split(separator).filter((event) => event !== '')
  const [first, token, ...rest] = events
  const again = Array.from({ length: EVENTS - events.length }, () => token!)
  return (rest.length === 0 || again.length === 0 ? events : [first!, token!, ...again, ...rest]).map((event) => {
    const bytes = Buffer.from(event + separator)
    return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
  })
}

const HEAD = Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
const END = Buffer.from('0\r\n\r\n')

function answerRequests(socket: Socket, events: readonly Buffer[]): void {
  let request = ''
  socket.on('data', (bytes: Buffer) => {
    request += bytes.toString('latin1')
    const bodyAt = request.indexOf('\r\n\r\n') + 4
    const length = Number(/content-length: (\d+)/i.exec(request)?.[1])
    if (bodyAt < 4 || request.length < bodyAt + length) return
    request = ''
    socket.write(HEAD)
    writeEach(socket, [...events, END], 0)
  })
}

function writeEach(socket: Socket, parts: readonly Buffer[], at: number): void {
  setImmediate(() => {
    if (socket.destroyed) return
    socket.write(parts[at]!)
    if (at + 1 < parts.length) writeEach(socket, parts, at + 1)
  })
}

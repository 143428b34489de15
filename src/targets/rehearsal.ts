import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'

/** Requests that have gone through code when it is compiled for speed, and the most time that is spent on them. */
const REQUESTS = 400
const BUDGET_MS = 400
/** Requests in flight at once. */
const LANES = 16
/** Events of an answer at least: what is done for each of them is compiled for speed after some thousand times. */
const EVENTS = 24

/**
 * Answers requests on a loopback port of this thread with a sample, as a server that streams does: a read for each event. What
 * sends requests there and reads the answers is compiled by the time the load begins, when else the first wave of it would wait.
 * @param sample a streamed answer's body, its events separated as the protocol does
 * @param run is given the stand-in's origin, and a function that sends as many requests as it takes, each by the call it is given;
 * it ends early where one fails. A failure is of no consequence.
 */
export async function rehearse(
  sample: string,
  run: (origin: string, sendAll: (send: () => Promise<{ error?: unknown }>) => Promise<void>) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>()
  const events = eventsOf(sample)
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    answerRequests(socket, events)
  })
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, sendAll)
  } catch {
    // Where nothing can be rehearsed, the load begins with cold code.
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

/** Sends as many requests as a rehearsal takes, several at once; ends early where one fails. */
export async function sendAll(send: () => Promise<{ error?: unknown }>): Promise<void> {
  const endMs = performance.now() + BUDGET_MS
  let left = REQUESTS
  const lane = async (): Promise<void> => {
    while (left-- > 0 && performance.now() < endMs) {
      const { error } = await send()
      if (error !== undefined) left = 0
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
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

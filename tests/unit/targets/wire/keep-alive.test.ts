import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startClock } from '../../../../src/metrics/clock.ts'
import type { BodyReader, Exchange } from '../../../../src/targets/wire/http.ts'
import { HttpClient, unkeptNotes } from '../../../../src/targets/wire/http.ts'

const realClock = startClock()
/** What is prompt by it is so however busy this machine is; a test that needs time to pass puts it ahead. */
const clock = { originNs: realClock.originNs, now: () => realClock.now() / 100 + aheadNs }
let aheadNs = 0
const nothing: BodyReader = { form: 'stream', read: () => {} }
const OK = 'HTTP/1.1 200 OK\r\nkeep-alive: timeout=5, max=100\r\ncontent-length: 2\r\n\r\nok'
const CLOSED_IN_VAIN = { kind: 'reset', message: expect.stringContaining('without an answer') as string }

/** Does something for a request: how many have come on this connection, and in all, this one included. */
type Behaviour = (socket: Socket, onConnection: number, inAll: number) => void

let http: HttpClient
let heads: string[]
let connections: Socket[]
let behave: Behaviour
let origin: string
let stop: () => Promise<void>

function send(): Promise<Exchange> {
  return http.exchange({ method: 'GET', origin, path: '/', headers: [] }, nothing, new AbortController().signal)
}

const opened = (exchanges: readonly Exchange[]) => exchanges.filter(({ connectNs }) => connectNs !== undefined).length

const resent = (exchanges: readonly Exchange[]) => exchanges.filter((exchange) => exchange.resent).length

const failed = (exchanges: readonly Exchange[]) => exchanges.flatMap(({ failure }) => failure ?? [])

async function sendInTurn(count: number): Promise<Exchange[]> {
  const exchanges: Exchange[] = []
  for (let i = 0; i < count; i++) exchanges.push(await send())
  return exchanges
}

/** Opens a connection that is kept, and lets it rest until a close of it would be seen. */
async function restingConnection(): Promise<void> {
  behave = (socket) => socket.write(OK)
  expect((await send()).failure).toBeUndefined()
  for (let i = 0; i < 4; i++) await turn()
}

describe.each(['socket', 'undici'] as const)('over %s', (transport) => {
  beforeEach(async () => {
    http = new HttpClient({ clock, timeout: 10, idleTimeout: 10, transport })
    heads = []
    connections = []
    const server = createServer((socket) => {
      connections.push(socket)
      let received = ''
      let onConnection = 0
      socket.on('error', () => {})
      socket.on('data', (bytes) => {
        received += bytes.toString('latin1')
        for (let end = received.indexOf('\r\n\r\n'); end >= 0; end = received.indexOf('\r\n\r\n')) {
          heads.push(received.slice(0, end))
          received = received.slice(end + 4)
          behave(socket, ++onConnection, heads.length)
        }
      })
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    stop = async () => {
      for (const socket of connections) socket.destroy()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    }
  })

  afterEach(async () => {
    await http.close()
    await stop()
  })

  describe('a server that keeps its connections', () => {
    test('what was opened ahead and closed by the server since is opened anew, and nothing is sent twice', async () => {
      const { signal } = new AbortController()
      expect(await http.openAhead(origin, 3, signal)).toBe(3)
      expect(await http.openAhead(origin, 3, signal)).toBe(3)
      while (connections.length < 3) await turn()
      for (const socket of connections) socket.end()
      for (let i = 0; i < 4; i++) await turn()
      behave = (socket) => socket.write(OK)
      const exchanges = await Promise.all([send(), send(), send()])
      expect(failed(exchanges)).toEqual([])
      expect(resent(exchanges)).toBe(0)
      expect(opened(exchanges)).toBe(3)
      expect(heads).toHaveLength(3)
    })

    test('a connection that can not be used again is none that waits', async () => {
      behave = (socket) => socket.end(OK.replace('keep-alive: timeout=5, max=100', 'connection: close'))
      expect((await send()).failure).toBeUndefined()
      for (let i = 0; i < 4; i++) await turn()
      behave = (socket) => socket.write(OK)
      expect(await http.openAhead(origin, 2, new AbortController().signal)).toBe(2)
      while (connections.length < 3) await turn()
      expect(failed(await Promise.all([send(), send()]))).toEqual([])
      expect(connections.length).toBe(3)
    })

    test('where nobody listens, none is opened ahead, and the request says so', async () => {
      await stop()
      expect(await http.openAhead(origin, 3, new AbortController().signal)).toBe(0)
      expect((await send()).failure).toMatchObject({ kind: 'connect' })
    })

    test('opening ahead ends with the run, and leaves no socket', async () => {
      const cancel = new AbortController()
      cancel.abort()
      expect(await http.openAhead(origin, 3, cancel.signal)).toBe(0)
      const opening = http.openAhead(origin, 3, new AbortController().signal)
      await http.close()
      expect(await opening).toBe(0)
      for (let i = 0; i < 4; i++) await turn()
      expect(connections.every((socket) => socket.readableEnded || socket.destroyed)).toBe(true)
    })

    test('is asked again on the same one, at once', async () => {
      behave = (socket) => socket.write(OK)
      const exchanges = await sendInTurn(50)
      expect(failed(exchanges)).toEqual([])
      expect(connections).toHaveLength(1)
      expect(opened(exchanges)).toBe(1)
      expect(resent(exchanges)).toBe(0)
      expect(heads).toHaveLength(50)
      expect(http.unkept).toEqual([])
    })

    test('needs no more connections than requests at a time', async () => {
      behave = (socket) => socket.write(OK)
      const exchanges = (await Promise.all(Array.from({ length: 8 }, () => sendInTurn(25)))).flat()
      expect(failed(exchanges)).toEqual([])
      expect(connections).toHaveLength(8)
      expect(heads).toHaveLength(200)
      expect(heads.every((head) => head.includes('connection: keep-alive'))).toBe(true)
    })

    test('may announce that it closes: nothing is sent in vain, and nothing is to be said', async () => {
      behave = (socket) => socket.end(OK.replace('keep-alive: timeout=5, max=100', 'connection: close'))
      const exchanges = await sendInTurn(5)
      expect(failed(exchanges)).toEqual([])
      expect(resent(exchanges)).toBe(0)
      expect(connections).toHaveLength(5)
      expect(heads).toHaveLength(5)
      expect(http.unkept).toEqual([])
    })

    test('may close a connection that has long been idle, and its others are kept', async () => {
      await restingConnection()
      aheadNs += 2e9
      const ended = new Promise((resolve) => connections[0]!.once('close', resolve))
      connections[0]!.end()
      await ended
      expect(await send()).toMatchObject({ failure: undefined, resent: undefined, connectNs: expect.any(Number) as number })
      expect(http.unkept).toEqual([])
    })
  })

  describe('a server that closes right after its answer, unannounced', () => {
    test('fails no request: the end behind the answer is seen before the next request is sent', async () => {
      behave = (socket) => socket.end(OK)
      const exchanges = await sendInTurn(20)
      expect(failed(exchanges)).toEqual([])
      expect(resent(exchanges)).toBe(0)
      expect(connections).toHaveLength(20)
      expect(heads).toHaveLength(20)
    })

    test('is found out: each further request has a connection of its own, and says so', async () => {
      behave = (socket) => socket.end(OK)
      await sendInTurn(2)
      expect(http.unkept).toEqual([origin])
      expect(unkeptNotes(http.unkept)).toEqual([`${origin} closes connections unannounced: each request opens its own (no part of TTFT).`])
      behave = (socket) => socket.write(OK)
      const exchanges = await sendInTurn(3)
      expect(opened(exchanges)).toBe(3)
      expect(heads.slice(-3).every((head) => head.includes('connection: close'))).toBe(true)
    })

    test('with a reset', async () => {
      behave = (socket) => socket.write(OK, () => socket.resetAndDestroy())
      const exchanges = await sendInTurn(10)
      expect(failed(exchanges)).toEqual([])
      expect(http.unkept).toEqual([origin])
      expect(heads).toHaveLength(10)
    })

    test('is told apart from others: their connections are kept', async () => {
      behave = (socket) => socket.end(OK)
      await sendInTurn(2)
      const { url, close } = await keepingServer()
      const other = () => http.exchange({ method: 'GET', origin: url, path: '/', headers: [] }, nothing, new AbortController().signal)
      expect([await other(), await other()].map(({ connectNs }) => connectNs !== undefined)).toEqual([true, false])
      expect(http.unkept).toEqual([origin])
      await close()
    })
  })

  describe('a kept-alive connection that turns out to be closed when a request is sent on it', () => {
    test('costs no failure: the request is sent once more, on a fresh one, and says so', async () => {
      await restingConnection()
      // As the server had closed already: it answers nothing on this connection.
      behave = (socket, onConnection) => (onConnection === 2 ? socket.end() : socket.write(OK))
      const before = clock.now()
      const exchange = await send()
      expect(exchange).toMatchObject({ failure: undefined, resent: true, status: 200, connectNs: expect.any(Number) as number })
      expect(exchange.sentNs!).toBeGreaterThan(before + exchange.connectNs!)
      expect(heads).toHaveLength(3)
      expect(connections).toHaveLength(2)
    })

    test('with a reset as well', async () => {
      await restingConnection()
      behave = (socket, onConnection) => (onConnection === 2 ? socket.resetAndDestroy() : socket.write(OK))
      expect(await send()).toMatchObject({ failure: undefined, resent: true })
      expect(heads).toHaveLength(3)
    })

    test('right after an answer is the server’s habit', async () => {
      behave = (socket, onConnection) => (onConnection === 2 ? socket.end() : socket.write(OK))
      const exchanges = await sendInTurn(4)
      expect(failed(exchanges)).toEqual([])
      expect(exchanges.map((exchange) => exchange.resent)).toEqual([undefined, true, undefined, undefined])
      expect(http.unkept).toEqual([origin])
      expect(opened(exchanges)).toBe(4)
      expect(heads).toHaveLength(5)
    })

    test('never twice: a second close in vain is a failure', async () => {
      await restingConnection()
      behave = (socket) => socket.end()
      const exchange = await send()
      expect(exchange).toMatchObject({ failure: CLOSED_IN_VAIN, resent: true })
      expect(heads).toHaveLength(3)
    })
  })

  describe('never sent again is', () => {
    test('what a fresh connection was closed on', async () => {
      behave = (socket) => socket.end()
      expect(await send()).toMatchObject({ failure: CLOSED_IN_VAIN, resent: undefined })
      expect(heads).toHaveLength(1)
    })

    test('what the server has begun to answer, be it by one byte', async () => {
      await restingConnection()
      behave = (socket) => socket.end('H')
      expect(await send()).toMatchObject({ failure: { kind: 'reset' }, resent: undefined })
      expect(heads).toHaveLength(2)
    })

    test('what the server took and closed on later', async () => {
      await restingConnection()
      behave = (socket) => {
        aheadNs += 0.15e9
        socket.end()
      }
      expect(await send()).toMatchObject({ failure: CLOSED_IN_VAIN, resent: undefined })
      expect(heads).toHaveLength(2)
      expect(http.unkept).toEqual([])
    })

    test('what timed out', async () => {
      await http.close()
      http = new HttpClient({ clock: realClock, timeout: 10, idleTimeout: 10, transport })
      await restingConnection()
      behave = () => {}
      const hasty = { method: 'GET', origin, path: '/', headers: [], timeout: 0.05 } as const
      const exchange = await http.exchange(hasty, nothing, new AbortController().signal)
      expect(exchange).toMatchObject({ failure: { kind: 'timeout' }, resent: undefined })
      expect(heads).toHaveLength(2)
    })

    test('what was cancelled between its two sends', async () => {
      await restingConnection()
      const controller = new AbortController()
      behave = (socket, onConnection) => {
        if (onConnection === 2) socket.end()
        else controller.abort()
      }
      const exchange = await http.exchange({ method: 'GET', origin, path: '/', headers: [] }, nothing, controller.signal)
      expect(exchange).toMatchObject({ failure: { kind: 'cancelled' }, resent: true })
      expect(heads).toHaveLength(3)
    })
  })
})

async function keepingServer(): Promise<{ url: string; close: () => Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('data', () => socket.write(OK))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

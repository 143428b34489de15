import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startClock } from '../../../../src/metrics/clock.ts'
import type { BodyReader, Exchange, HttpRequest } from '../../../../src/targets/wire/http.ts'
import { HttpClient } from '../../../../src/targets/wire/http.ts'
import type { Step } from '../../../contract/protocol-server.ts'
import { head, ProtocolServer, respond } from '../../../contract/protocol-server.ts'

const clock = startClock()
const OK = respond(200, {}, 'ok')

let server: ProtocolServer
let http: HttpClient
let body: string

function send(request: Partial<HttpRequest> = {}, form: BodyReader['form'] = 'stream', client = http): Promise<Exchange> {
  const reader: BodyReader = { form, read: (bytes, start, end) => (body += bytes.toString('utf8', start, end)) }
  return client.exchange({ method: 'GET', origin: server.url, path: '/', headers: [], ...request }, reader, new AbortController().signal)
}

describe.each(['socket', 'undici'] as const)('over %s', (transport) => {
  beforeEach(async () => {
    server = await ProtocolServer.start(clock)
    http = new HttpClient({ clock, timeout: 10, idleTimeout: 10, transport })
    body = ''
  })

  afterEach(async () => {
    await http.close()
    await server.idle()
    await server.close()
  })

  test('a server that goes away in the middle of a chunked answer, in good order, has reset it', async () => {
    const chunk = '4\r\ndata\r\n'
    server.play([{ write: `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n${chunk}` }, 'close'])
    expect((await send()).failure).toMatchObject({
      kind: 'reset',
      message: expect.stringContaining('in the middle of the answer') as string,
    })
    expect((await send({}, 'json')).failure).toMatchObject({ kind: 'truncated' })
  })

  describe('what HTTP allows', () => {
    test('interim answers come before the answer', async () => {
      server.play([{ write: 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' }, { write: 'HTTP/1.1 102 Processing\r\n\r\n' }, ...OK])
      expect(await send()).toMatchObject({ status: 200, failure: undefined })
      expect(body).toBe('ok')
    })

    test('204 is an answer without a body, and its connection is kept', async () => {
      server.play([{ write: head(204, {}) }])
      expect(await send()).toMatchObject({ status: 204, failure: undefined, lastReadNs: undefined })
      await send()
      expect(server.connections).toBe(1)
    })

    test('headers may come twice', async () => {
      server.play([
        { write: 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-type: text/event-stream\r\ncontent-length: 2\r\n\r\nok' },
      ])
      expect((await send()).failure).toBeUndefined()
      server.play([{ write: 'HTTP/1.1 429 Slow\r\nretry-after: 1\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n' }])
      expect((await send()).failure).toEqual({ kind: 'http', message: 'HTTP 429 (Retry-After: 1)' })
    })

    test('a body may end with its connection', async () => {
      server.play([{ write: 'HTTP/1.0 200 OK\r\n\r\nok' }, 'close'])
      expect((await send()).failure).toBeUndefined()
      expect(body).toBe('ok')
      expect(http.unkept).toEqual([])
    })

    test('an answer may come byte by byte, headers too', async () => {
      const bytes = (OK[0] as { write: string }).write
      server.play(Array.from(bytes, (write) => ({ write })))
      expect((await send()).failure).toBeUndefined()
      expect(body).toBe('ok')
    })
  })

  describe('what HTTP does not allow, or nobody asked for', () => {
    test('100 Continue', async () => {
      server.play([{ write: 'HTTP/1.1 100 Continue\r\n\r\n' }, ...OK])
      expect((await send()).failure).toMatchObject({ kind: 'protocol', message: expect.stringContaining('not asked for') as string })
    })

    test('an upgrade', async () => {
      server.play([{ write: 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n' }, 'hang'])
      expect((await send()).failure).toMatchObject({ kind: 'protocol', message: expect.stringContaining('not asked for') as string })
    })

    test('headers without end', async () => {
      server.play([{ write: `HTTP/1.1 200 OK\r\nx-big: ${'x'.repeat(200_000)}` }, 'hang'])
      expect((await send()).failure).toEqual({ kind: 'protocol', message: "the answer's headers are too large" })
    })

    test('bytes behind the answer: the next request goes out on a connection of its own', async () => {
      server.play([{ write: `${(OK[0] as { write: string }).write}and more` }])
      expect((await send()).failure).toBeUndefined()
      server.play(OK)
      expect(await send()).toMatchObject({ failure: undefined, resent: undefined, connectNs: expect.any(Number) as number })
      expect(http.unkept).toEqual([])
    })
  })

  describe('error answers', () => {
    test('of many megabytes are read as far as their message needs', async () => {
      const megabyte = 'x'.repeat(2 ** 20)
      server.play([
        { write: head(500, { 'content-length': String(2 ** 40) }) },
        ...Array.from({ length: 4 }, (): Step => ({ write: megabyte })),
        'hang',
      ])
      const { failure } = await send()
      expect(failure!.kind).toBe('http')
      expect(failure!.message).toMatch(/^HTTP 500: x{199}…$/)
    })

    test('that stall or break off are told by their status', async () => {
      const hasty = new HttpClient({ clock, timeout: 10, idleTimeout: 0.05, transport })
      server.play([{ write: `${head(503, { 'content-length': '100' })}Loading` }, 'hang'])
      expect((await send({}, 'stream', hasty)).failure).toEqual({ kind: 'http', message: 'HTTP 503: Loading' })
      await hasty.close()
      server.play([{ write: head(503, { 'content-length': '100' }) }, 'close'])
      expect((await send()).failure).toEqual({ kind: 'http', message: 'HTTP 503' })
    })

    test('in binary leave a message that any report can hold', async () => {
      const binary = Buffer.concat([Buffer.from('\0\x1b[31mno\x07\u2028'), Buffer.from([0xff, 0xfe, 0x80]), Buffer.from('\r\n\x7fmodel')])
      server.play([{ write: Buffer.concat([Buffer.from(head(502, { 'content-length': String(binary.length) })), binary]) }])
      const { message } = (await send()).failure!
      expect(message).toMatch(/^HTTP 502: \[31mno .* model$/)
      // oxlint-disable-next-line no-control-regex -- it is what is looked for
      expect(message).not.toMatch(/[\x00-\x1f\x7f]/)
    })

    test.each([
      ['and kept open', () => {}],
      ['and closed', (socket: Socket) => socket.destroy()],
    ])('before the request was taken whole are heard, the connection being paused %s', async (_, then) => {
      const socketOf = Promise.withResolvers<Socket>()
      const early = createServer((socket) => {
        socketOf.resolve(socket)
        socket.on('error', () => {})
        // Reads the beginning only.
        socket.once('data', () =>
          socket.pause().write(`${head(413, { 'content-length': '9', connection: 'close' })}too large`, () => then(socket)),
        )
      })
      await new Promise<void>((resolve) => {
        early.listen(0, '127.0.0.1', resolve)
      })
      const origin = `http://127.0.0.1:${(early.address() as { port: number }).port}`
      const exchange = await send({ method: 'POST', origin, body: 'x'.repeat(32 * 2 ** 20) })
      expect(exchange.failure).toEqual({ kind: 'http', message: 'HTTP 413: too large' })
      const socket = await socketOf.promise
      socket.destroy()
      early.close()
    })
  })

  test('an IPv6 address in brackets', async ({ skip }) => {
    const six = createServer((socket) => socket.on('data', () => socket.write((OK[0] as { write: string }).write)))
    const listening = await new Promise<boolean>((resolve) => {
      six.once('error', () => resolve(false)).listen(0, '::1', () => resolve(true))
    })
    if (!listening) skip('there is no IPv6 loopback here')
    expect((await send({ origin: `http://[::1]:${(six.address() as { port: number }).port}` })).failure).toBeUndefined()
    await http.close()
    await new Promise((resolve) => {
      six.close(resolve)
    })
  })
})

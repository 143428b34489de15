import type { Http2SecureServer, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import { constants, createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startClock } from '../../../../src/metrics/clock.ts'
import type { Exchange } from '../../../../src/targets/wire/http.ts'
import { HttpClient } from '../../../../src/targets/wire/http.ts'
import { routeOf } from '../../../../src/targets/wire/route.ts'
import type { Certificates } from '../../../contract/certificates.ts'
import { hasOpenSSL, makeCertificates } from '../../../contract/certificates.ts'

const clock = startClock()

function ok(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': 200 })
  stream.end('ok')
}

describe.skipIf(!hasOpenSSL)('HTTP/2', () => {
  let certificates: Certificates
  let server: Http2SecureServer
  let http: HttpClient
  let sessions: ServerHttp2Session[]
  let sockets: TLSSocket[]
  let bodies: string[]
  let answer: (stream: ServerHttp2Stream) => void

  beforeAll(async () => {
    certificates = await makeCertificates({ here: 'IP:127.0.0.1' })
  })
  afterAll(() => certificates.remove())

  beforeEach(async () => {
    sessions = []
    sockets = []
    bodies = []
    answer = ok
    server = createSecureServer(await certificates.pair('here'))
    server.on('session', (session) => sessions.push(session))
    server.on('secureConnection', (socket) => sockets.push(socket))
    server.on('stream', (stream: ServerHttp2Stream) => {
      let body = ''
      stream.on('error', () => {})
      stream.setEncoding('utf8').on('data', (text: string) => (body += text))
      stream.on('end', () => {
        bodies.push(body)
        answer(stream)
      })
    })
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const route = routeOf({ ca: 'ca.pem', http2: true }, 'openai()', certificates.folder)
    http = new HttpClient({ clock, timeout: 10, idleTimeout: 10, route })
  })
  afterEach(async () => {
    await http.close()
    for (const session of sessions) session.destroy()
    await new Promise((resolve) => {
      server.close(resolve)
    })
  })

  let text = ''
  async function ask(body?: string): Promise<Exchange> {
    text = ''
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    return http.exchange(
      { method: body === undefined ? 'GET' : 'POST', origin, path: '/', headers: ['x-test', 'yes'], body },
      { form: 'stream', read: (bytes, start, end) => (text += bytes.toString('utf8', start, end)) },
      new AbortController().signal,
    )
  }

  test('a body beyond the window goes out whole, and is sent when its last bytes are', async () => {
    const long = 'wörd '.repeat(60_000)
    let receivedNs = 0
    answer = (stream) => {
      receivedNs = clock.now()
      ok(stream)
    }
    const startNs = clock.now()
    const { failure, sentNs, lastReadNs } = await ask(long)
    expect(failure).toBeUndefined()
    expect(bodies).toEqual([long])
    expect(sentNs!).toBeGreaterThan(startNs)
    expect(sentNs!).toBeLessThan(receivedNs)
    expect(lastReadNs!).toBeGreaterThan(receivedNs)
  })

  test('a connection that the server takes leave of serves no further request, and none fails', async () => {
    answer = (stream) => {
      ok(stream)
      stream.session!.goaway(constants.NGHTTP2_NO_ERROR)
    }
    const exchanges = [await ask(), await ask(), await ask()]
    expect(exchanges.map(({ failure, resent }) => failure ?? resent)).toEqual([undefined, undefined, undefined])
    expect(exchanges.every(({ connectNs }) => connectNs !== undefined)).toBe(true)
    expect(http.unkept).toEqual([])
  })

  test('what meets the closing of a kept connection is sent once more, and said to be', async () => {
    expect((await ask()).failure).toBeUndefined()
    answer = (stream) => {
      answer = ok
      stream.session!.destroy()
    }
    const { failure, resent } = await ask('again')
    expect(failure).toBeUndefined()
    expect(resent).toBe(true)
    expect(bodies).toEqual(['', 'again', 'again'])
  })

  test('a server that closes connections after their answers without a word gets one for each request', async () => {
    const exchanges: Exchange[] = []
    // What the client learns later than a moment after the answer says nothing of the server's habits: it is tried again.
    while (http.unkept.length === 0 && exchanges.length < 20) {
      exchanges.push(await ask())
      sockets.at(-1)!.destroy()
    }
    expect(http.unkept).toHaveLength(1)
    exchanges.push(await ask(), await ask())
    expect(exchanges.every(({ failure }) => failure === undefined)).toBe(true)
    expect(exchanges.slice(-2).every(({ connectNs, resent }) => connectNs !== undefined && resent === undefined)).toBe(true)
  })

  test.for([
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR],
    ['REFUSED_STREAM', constants.NGHTTP2_REFUSED_STREAM],
  ] as const)('a stream that is refused with %s is a failure, and not sent again', async ([name, code]) => {
    expect((await ask()).failure).toBeUndefined()
    answer = (stream) => stream.close(code)
    expect((await ask()).failure).toEqual({ kind: 'reset', message: `the server broke the HTTP/2 stream off (${name})` })
    expect(bodies).toHaveLength(2)
    // The connection is none the worse, though a new one is opened to be sure.
    answer = ok
    expect((await ask()).failure).toBeUndefined()
  })

  test('an answer that is broken off in the middle is a failure', async () => {
    answer = (stream) => {
      stream.respond({ ':status': 200 })
      stream.write('half', () => setImmediate(() => stream.destroy(new Error('broken'))))
    }
    expect((await ask()).failure).toMatchObject({ kind: 'reset' })
    answer = (stream) => {
      stream.respond({ ':status': 200 })
      stream.write('half', () => setImmediate(() => stream.session!.destroy()))
    }
    expect((await ask()).failure).toMatchObject({ kind: 'reset' })
    expect(text).toBe('half')
  })

  test('an interim answer is passed over, and trailers end the body', async () => {
    answer = (stream) => {
      stream.additionalHeaders({ ':status': 103 })
      stream.respond({ ':status': 200 }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1' }))
      stream.end('ok')
    }
    const { failure, status } = await ask()
    expect({ failure, status, text }).toEqual({ failure: undefined, status: 200, text: 'ok' })
  })

  test('closing leaves no connection behind', async () => {
    answer = (stream) => stream.respond({ ':status': 200 })
    const asked = Promise.all([ask(), ask(), ask()])
    while (bodies.length < 3) await new Promise((resolve) => setImmediate(resolve))
    const closed = Promise.all(sessions.map((session) => new Promise<void>((resolve) => session.once('close', resolve))))
    await http.close()
    expect((await asked).map(({ failure }) => failure!.kind)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    await closed
  })

  test.for([[['http/1.1']], [undefined]])('a server that speaks no HTTP/2 says what to leave out (ALPN %j)', async ([ALPNProtocols]) => {
    const plain = createTlsServer({ ...(await certificates.pair('here')), ...(ALPNProtocols && { ALPNProtocols }) }, (socket) =>
      socket.on('error', () => {}),
    )
    await new Promise<void>((resolve) => {
      plain.listen(0, '127.0.0.1', resolve)
    })
    const origin = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`
    const request = { method: 'GET', origin, path: '/', headers: [] } as const
    const { failure } = await http.exchange(request, { form: 'stream', read: () => {} }, new AbortController().signal)
    expect(failure).toMatchObject({ kind: 'connect', message: expect.stringContaining('leave `http2` out') as string })
    await new Promise((resolve) => {
      plain.close(resolve)
    })
  })
})

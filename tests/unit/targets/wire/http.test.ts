import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { expect, test } from 'vitest'
import { startClock } from '../../../../src/metrics/clock.ts'
import type { BodyReader } from '../../../../src/targets/wire/http.ts'
import { HttpClient } from '../../../../src/targets/wire/http.ts'
import { head, httpChunk, ProtocolServer } from '../../../contract/protocol-server.ts'

const undiciTimers = createRequire(import.meta.url)('undici/lib/util/timers.js') as { tick(ms: number): void }
const clock = startClock()
const nothing: BodyReader = { form: 'stream', read: () => {} }

/** A server that takes connections and says nothing; resolves `closed` when the first has gone. */
async function silentServer() {
  const closed = Promise.withResolvers<void>()
  const connected = Promise.withResolvers<void>()
  const server = createServer((socket: Socket) => {
    connected.resolve()
    socket.resume().on('error', () => {})
    socket.on('close', () => closed.resolve())
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return { port: (server.address() as AddressInfo).port, connected: connected.promise, closed: closed.promise, stop: () => server.close() }
}

test('a connection that never opens ends at the whole time-out, and its socket is closed', async () => {
  const server = await silentServer()
  const http = new HttpClient({ clock, timeout: 0.1, idleTimeout: 1 })
  const exchange = await http.exchange(
    { method: 'GET', origin: `https://127.0.0.1:${server.port}`, path: '/', headers: [] },
    nothing,
    new AbortController().signal,
  )
  expect(exchange.failure).toEqual({
    kind: 'timeout',
    message: 'no connection within 0.1 s (timeout): no TLS came about, the server may speak plain http',
  })
  expect(exchange.sentNs).toBeUndefined()
  await server.closed
  server.stop()
})

test('cancelling while the connection is being opened closes its socket', async () => {
  const server = await silentServer()
  const http = new HttpClient({ clock, timeout: 60, idleTimeout: 60 })
  const controller = new AbortController()
  const sent = http.exchange(
    { method: 'GET', origin: `https://127.0.0.1:${server.port}`, path: '/', headers: [] },
    nothing,
    controller.signal,
  )
  await server.connected
  controller.abort()
  expect((await sent).failure!.kind).toBe('cancelled')
  await server.closed
  server.stop()
})

test.each(['socket', 'undici'] as const)('over %s, a time-out longer than a timer can be set is no time-out at once', async (transport) => {
  const server = await ProtocolServer.start(clock)
  server.play([{ write: head(200, { 'content-length': '2' }) }, { write: 'ok' }])
  const http = new HttpClient({ clock, timeout: 1e9, idleTimeout: 1e9, transport })
  const exchange = await http.exchange({ method: 'GET', origin: server.url, path: '/', headers: [] }, nothing, new AbortController().signal)
  expect(exchange.failure).toBeUndefined()
  await http.close()
  await server.close()
})

test("undici's own time-outs of 300 s never end a request", async () => {
  const server = await ProtocolServer.start(clock)
  const http = new HttpClient({ clock, timeout: 3600, idleTimeout: 3600, transport: 'undici' })
  let reads = 0
  let waited = 0
  // undici's timers have a clock of their own, which can be put forward.
  const passAnHour = (): boolean => {
    undiciTimers.tick(3_600_000)
    return ++waited % 3 === 0
  }
  const reader: BodyReader = { form: 'stream', read: () => void reads++ }
  server.play([
    { until: () => server.requests.length === 1 && passAnHour() },
    { write: head(200, { 'content-length': '4' }) },
    { write: 'ab' },
    { until: () => reads === 1 && passAnHour() },
    { write: 'cd' },
  ])
  const exchange = await http.exchange({ method: 'GET', origin: server.url, path: '/', headers: [] }, reader, new AbortController().signal)
  expect(exchange.failure).toBeUndefined()
  expect(reads).toBe(2)
  await http.close()
  await server.close()
})

test.each(['socket', 'undici'] as const)(
  'over %s, bytes of one read have the time of that read, in however many chunks',
  async (transport) => {
    const server = await ProtocolServer.start(clock)
    const start = head(200, { 'transfer-encoding': 'chunked' })
    const times: number[] = []
    server.play([
      { write: Buffer.concat([Buffer.from(start), httpChunk('a'), httpChunk('b')]) },
      { until: () => times.length === 2 },
      { write: Buffer.concat([httpChunk('c'), httpChunk('d')]), mark: 'second' },
      { write: '0\r\n\r\n' },
    ])
    const http = new HttpClient({ clock, timeout: 10, idleTimeout: 10, transport })
    const exchange = await http.exchange(
      { method: 'GET', origin: server.url, path: '/', headers: [] },
      {
        form: 'stream',
        read: (_bytes, _start, _end, readNs) => {
          times.push(readNs)
          // A slow reader must not be seen in the times.
          for (const until = clock.now() + 2e6; clock.now() < until;);
        },
      },
      new AbortController().signal,
    )
    expect(times).toHaveLength(4)
    expect(times[0]).toBe(times[1])
    expect(times[2]).toBe(times[3])
    expect(times[1]!).toBeLessThan(server.marks.get('second')!)
    expect(times[2]!).toBeGreaterThan(server.marks.get('second')!)
    expect(exchange.lastReadNs).toBe(times[3])
    await http.close()
    await server.close()
  },
)

test('a body in an encoding that was not asked for, and a redirect, are told as such', async () => {
  const server = await ProtocolServer.start(clock)
  const http = new HttpClient({ clock, timeout: 10, idleTimeout: 10 })
  const send = () => http.exchange({ method: 'GET', origin: server.url, path: '/', headers: [] }, nothing, new AbortController().signal)
  server.play([{ write: head(200, { 'content-encoding': 'gzip', 'content-length': '0' }) }])
  expect((await send()).failure).toEqual({ kind: 'protocol', message: 'HTTP 200 with a body in gzip, which was not asked for' })
  server.play([{ write: head(308, { location: 'https://elsewhere/v1', 'content-length': '0' }) }])
  expect((await send()).failure).toEqual({ kind: 'http', message: 'HTTP 308 (to https://elsewhere/v1: use that URL)' })
  await http.close()
  await server.close()
})

import { describe, expect, test } from 'vitest'
import { clock, framesOf, request, stream, usage, useFixture, usual, WIRES } from './target-fixture.ts'
import { head, ProtocolServer, respond, respondJSON } from './protocol-server.ts'

const KEY = 'sk-secret-key-123456'
const at = useFixture()

describe.each(WIRES)('$name', (wire) => {
  const frames = framesOf(wire)

  test('a document cut short is truncated', async () => {
    const body = JSON.stringify(wire.document(['Hello you'], 'stop', usage))
    at.server.play([
      { write: head(200, { 'content-type': 'application/json', 'content-length': String(body.length) }) + body.slice(0, 20) },
      'close',
    ])
    expect((await at.send(wire, { stream: false })).error!.kind).toBe('truncated')
  })

  test('an answer without content is a failure, of a stream and of a document', async () => {
    at.server.play([{ write: head(204, {}) }])
    expect((await at.send(wire)).error!.kind).toBe('truncated')
    await at.target!.close()
    expect((await at.send(wire, { stream: false })).error).toEqual({ kind: 'protocol', message: 'the answer has no body' })
  })

  test('an error inside of the stream is a failure of the server', async () => {
    at.server.play(stream(wire, frames(wire.token('a'), wire.error('out of memory'), ...(wire.end ? [wire.end] : []))))
    expect((await at.send(wire)).error).toMatchObject({ kind: 'server', message: expect.stringContaining('out of memory') as string })
  })

  test('an error in place of the stream is a failure of the server', async () => {
    at.server.play(respond(200, { 'content-type': 'application/json' }, wire.error('no such adapter')))
    expect((await at.send(wire)).error).toEqual({ kind: 'server', message: 'no such adapter' })
  })

  test.skipIf(wire.untold === 'usage and finish')('a stream that ends without a finish is truncated', async () => {
    at.server.play(stream(wire, frames(...wire.opening, wire.token('a'))))
    const answer = await at.send(wire)
    expect(answer.error!.kind).toBe('truncated')
    expect(answer.choices[0]!.chunks).toBe(1)
  })

  test('a stream that ends in the middle of an event is truncated', async () => {
    at.server.play(stream(wire, [...frames(wire.token('a')), wire.frame(wire.token('b')).slice(0, 25)]))
    expect((await at.send(wire)).error!.kind).toBe('truncated')
  })

  test('a stream of nothing is truncated', async () => {
    at.server.play(stream(wire, []))
    expect((await at.send(wire)).error!.kind).toBe('truncated')
  })

  test('an answer that finishes without a token is empty', async () => {
    at.server.play(stream(wire, frames(...wire.opening, wire.finish('stop'), ...(wire.end ? [wire.end] : []))))
    expect((await at.send(wire)).error!.kind).toBe('empty')
  })

  test('429 says when to come back, and is not tried again', async () => {
    at.server.play(respond(429, { 'content-type': 'application/json', 'retry-after': '17' }, '{"error":{"message":"slow down"}}'))
    expect((await at.send(wire)).error).toEqual({ kind: 'http', message: 'HTTP 429 (Retry-After: 17): slow down' })
    expect(at.server.requests).toHaveLength(1)
  })

  test('a refused key is not in the message, though the server quotes it', async () => {
    at.server.play((seen) =>
      respond(401, { 'content-type': 'application/json' }, JSON.stringify({ detail: `bad: ${seen.headers.authorization}` })),
    )
    const { error } = await at.send(wire, {}, { apiKeys: [KEY] })
    expect(at.server.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(error!.kind).toBe('http')
    expect(error!.message).toContain('401')
    expect(error!.message).not.toContain(KEY)
  })

  test('an HTML page is the wrong protocol', async () => {
    at.server.play(respond(200, { 'content-type': 'text/html' }, '<!doctype html><html><head><title>Welcome</title></head></html>'))
    expect((await at.send(wire)).error).toEqual({ kind: 'protocol', message: 'HTTP 200 with an HTML page, "Welcome"' })
  })

  test('a document where a stream was asked for is the wrong protocol, and the other way round', async () => {
    at.server.play(respondJSON(wire.document(['a'], 'stop', usage)))
    expect((await at.send(wire)).error!.kind).toBe('protocol')
    await at.target!.close()
    at.server.play(stream(wire, usual(wire)))
    expect((await at.send(wire, { stream: false })).error!.kind).toBe('protocol')
  })

  test('bytes that are not the format are the wrong protocol', async () => {
    at.server.play(stream(wire, [wire.frame('{"choices": [')]))
    expect((await at.send(wire)).error!.kind).toBe('protocol')
    await at.target!.close()
    at.server.play([{ write: 'SSH-2.0-OpenSSH_9.2\r\n' }, 'hang'])
    expect((await at.send(wire)).error!.kind).toBe('protocol')
  })

  test('an event of more than 16 MiB is refused', async () => {
    at.server.play(stream(wire, [wire.frame(wire.token('x'.repeat(17 * 1024 * 1024)))]))
    expect((await at.send(wire)).error).toEqual({ kind: 'protocol', message: 'an event of the stream is larger than 16 MiB' })
    await at.server.idle()
  })

  test('a reset in the middle of the stream', async () => {
    at.server.play(stream(wire, [...frames(...wire.opening, wire.token('a')), { until: () => at.tokens === 1 }], { end: 'reset' }))
    const answer = await at.send(wire)
    expect(answer.error!.kind).toBe('reset')
    expect(answer.choices[0]!.chunks).toBe(1)
  })

  test('a connection closed in the middle of the stream', async () => {
    at.server.play(stream(wire, frames(wire.token('a')), { end: 'close' }))
    expect((await at.send(wire)).error!.kind).toBe('reset')
  })

  test('a connection closed without an answer is not tried again', async () => {
    at.server.play(['close'])
    const answer = await at.send(wire)
    expect(answer.error!.kind).toBe('reset')
    expect(at.server.requests).toHaveLength(1)
  })

  test('a stall in the middle of the stream ends at the idle time-out', async () => {
    at.server.play(stream(wire, frames(wire.token('a')), { end: 'hang' }))
    const answer = await at.send(wire, {}, { idleTimeout: 0.1 })
    expect(answer.error!.kind).toBe('idle')
    expect(answer.endNs - answer.choices[0]!.lastTokenNs!).toBeGreaterThanOrEqual(0.1e9)
    await at.server.idle()
  })

  test('a stall before the first byte ends at the whole time-out, not at the idle one', async () => {
    at.server.play(['hang'])
    const answer = await at.send(wire, {}, { idleTimeout: 0.02, timeout: 0.1 })
    expect(answer.error).toEqual({ kind: 'timeout', message: 'no answer within 0.1 s (timeout)' })
    await at.server.idle()
  })

  test('a stream that goes on and on ends at the whole time-out', async () => {
    const events = Array.from({ length: 20_000 }, () => wire.frame(wire.token('a')))
    at.server.play(stream(wire, events, { end: 'hang' }))
    expect((await at.send(wire, {}, { timeout: 0.1 })).error!.kind).toBe('timeout')
    await at.server.idle()
  })

  test('nobody listens: connect', async () => {
    const { url } = at.server
    await at.server.close()
    const answer = await (await at.open(wire, {}, [url])).send(request(), new AbortController().signal)
    expect(answer.error).toMatchObject({ kind: 'connect', message: expect.stringContaining('ECONNREFUSED') as string })
    expect(answer.sentNs).toBeUndefined()
    at.server = await ProtocolServer.start(clock)
  })

  test('http where https was asked for: connect', async () => {
    const target = await at.open(wire, {}, [at.server.url.replace('http:', 'https:')])
    const answer = await target.send(request(), new AbortController().signal)
    expect(answer.error!.kind).toBe('connect')
  })
})

import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { status as codes } from '@grpc/grpc-js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { request } from '../target-fixture.ts'
import type { PplStep } from './server.ts'
import { finished, STOP, token, usePpl, WIRES } from './fixture.ts'

const SECRET = 'sk-secret-key-123456'

describe.each(WIRES)('ppl (%s)', (wire) => {
  const at = usePpl(wire)

  test('a request that the server gave up is a failure of the server, in its own words where it has some', async () => {
    at.server.play({ write: [token('a')] }, { write: [{ status: 'FAILED', generated: 'out of memory' }] })
    expect((await at.send({ keepText: false })).error).toEqual({ kind: 'server', message: 'out of memory' })
    await at.target!.close()
    at.server.play({ write: [{ status: 'FAILED' }] })
    const { error, choices } = await at.send()
    expect(error).toEqual({ kind: 'server', message: 'the server gave the request up (status FAILED)' })
    expect(choices[0]!.chunks).toBe(0)
  })

  test.for<[string, PplStep[]]>([
    ['without a finish', [{ write: [token('a')] }]],
    ['of nothing', []],
    ['of empty messages', [{ write: [{}] }, { write: [] }]],
  ])('a stream %s is truncated', async ([, script]) => {
    at.server.play(...script)
    expect((await at.send()).error!.kind).toBe('truncated')
  })

  test('an answer that finishes without a token is empty', async () => {
    at.server.play({ write: [finished(wire, STOP)] })
    expect((await at.send()).error!.kind).toBe('empty')
  })

  test.for<[keyof typeof codes, string]>([
    ['RESOURCE_EXHAUSTED', 'server'],
    ['UNAVAILABLE', 'server'],
    ['INTERNAL', 'server'],
    ['UNAUTHENTICATED', 'server'],
    ['DEADLINE_EXCEEDED', 'timeout'],
    ['UNIMPLEMENTED', 'protocol'],
  ])('status %s is a failure, at once and in the middle of the answer, and is not tried again', async ([name, kind]) => {
    const end = { code: codes[name], details: 'try later\nor not' }
    at.server.play(end)
    const error = { kind, message: `gRPC status ${name}: try later or not` }
    expect((await at.send()).error).toEqual(error)
    await at.target!.close()
    at.server.play({ write: [token('a')] }, end)
    const answer = await at.send()
    expect(answer.error).toEqual(error)
    expect(answer.choices[0]!.chunks).toBe(1)
    expect(at.server.calls).toHaveLength(2)
  })

  test('metadata is sent, and its secrets are in no message', async () => {
    at.server.play({ code: codes.PERMISSION_DENIED, details: `no entry for Bearer ${SECRET}` })
    const { error } = await at.send({}, { apiKey: SECRET, headers: { 'x-tenant': 'bench' } })
    expect(at.server.calls[0]!.metadata).toMatchObject({ authorization: `Bearer ${SECRET}`, 'x-tenant': 'bench' })
    expect(error!.message).toContain('PERMISSION_DENIED')
    expect(error!.message).not.toContain(SECRET)
  })

  test('metadata that gRPC cannot carry is refused by name, without its value', async () => {
    for (const headers of [{ 'a b': SECRET }, { name: `${SECRET}\n` }, { 'x-bin': SECRET }]) {
      const refused = at.open({ headers })
      await expect(refused).rejects.toThrow(Object.keys(headers)[0]!)
      await expect(refused).rejects.not.toThrow(SECRET)
    }
  })

  test('a message of more than 16 MiB is refused', async () => {
    at.server.play({ write: [token('x'.repeat(17 * 1024 * 1024))] })
    expect((await at.send()).error).toEqual({ kind: 'protocol', message: 'a message of the stream is larger than 16 MiB' })
  })

  test('bytes that are no message of the service are the wrong protocol', async () => {
    for (const bytes of [Buffer.from([0x0a, 0x20, 0x08]), Buffer.from('<html>')]) {
      at.server.play({ bytes })
      expect((await at.send()).error, bytes.toString('hex')).toMatchObject({
        kind: 'protocol',
        message: expect.stringContaining('BatchedResponse') as string,
      })
      await at.target!.close()
    }
  })

  test('a response to a request that was not asked is the wrong protocol', async () => {
    at.server.play({ write: [token('a', { id: 7 })] })
    expect((await at.send()).error).toMatchObject({ kind: 'protocol', message: expect.stringContaining('request 7') as string })
  })

  test.for<'reset' | 'close'>(['reset', 'close'])('a %s in the middle of the answer, and without one', async (end) => {
    at.server.play({ write: [token('a')] }, { until: () => at.tokens === 1 }, end)
    const answer = await at.send()
    expect(answer.error).toMatchObject({ kind: 'reset', message: expect.stringContaining('middle of the answer') as string })
    expect(answer.choices[0]!.chunks).toBe(1)
    await at.target!.close()
    at.server.play(end)
    const none = await at.send()
    expect(none.error).toMatchObject({ kind: 'reset', message: expect.stringContaining('without an answer') as string })
    expect(none.sentNs).toBeDefined()
    expect(at.server.calls).toHaveLength(2)
  })

  test('a stall in the middle of the answer ends at the idle time-out', async () => {
    at.server.play({ write: [token('a')] }, 'hang')
    const answer = await at.send({}, { idleTimeout: 0.1 })
    expect(answer.error!.kind).toBe('idle')
    expect(answer.endNs - answer.choices[0]!.lastTokenNs!).toBeGreaterThanOrEqual(0.1e9)
    await at.server.idle()
  })

  test('a stall before the first message ends at the whole time-out, not at the idle one', async () => {
    at.server.play('hang')
    const answer = await at.send({}, { idleTimeout: 0.02, timeout: 0.3 })
    expect(answer.error).toEqual({ kind: 'timeout', message: 'no answer within 0.3 s (timeout)' })
    await at.server.idle()
  })

  test('nobody listens: connect, and at once', async () => {
    const server = await listening()
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const answer = await (await at.open({}, [`127.0.0.1:${port}`])).send(request(), new AbortController().signal)
    expect(answer.error).toEqual({ kind: 'connect', message: 'connection refused: is the server running there? (ECONNREFUSED)' })
    expect(answer.sentNs).toBeUndefined()
    await expect(at.target!.prepare(new AbortController().signal)).rejects.toThrow(
      `grpc://127.0.0.1:${port} can't be reached: connection refused`,
    )
  })

  test('a host that is not known: connect', async () => {
    const answer = await (await at.open({}, ['no-such-host.invalid:1'])).send(request(), new AbortController().signal)
    expect(answer.error).toMatchObject({ kind: 'connect', message: expect.stringContaining('no-such-host.invalid') as string })
  })

  test('a server of HTTP/1, and none of TLS: connect', async () => {
    const http = await listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'))
    const { port } = http.address() as AddressInfo
    for (const url of [`grpc://127.0.0.1:${port}`, at.server.url.replace('grpc:', 'grpcs:')]) {
      const answer = await (await at.open({}, [url])).send(request(), new AbortController().signal)
      expect(answer.error!.kind, answer.error!.message).toBe('connect')
      await at.target!.close()
    }
  })

  test('a server that says nothing ends at the time-out, for a request and for preparing', async () => {
    const mute = await listening()
    const { port } = mute.address() as AddressInfo
    const target = await at.open({ timeout: 0.2 }, [`127.0.0.1:${port}`])
    const { signal } = new AbortController()
    expect((await target.send(request(), signal)).error).toEqual({ kind: 'timeout', message: 'no connection within 0.2 s (timeout)' })
    await expect(target.prepare(signal)).rejects.toThrow('no answer within 0.2 s (timeout)')
  })
})

/** A server of TCP, closed when its test ends. */
async function listening(onData?: (socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => onData?.(socket))
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.close()
  })
  return server
}

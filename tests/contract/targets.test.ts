import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startClock } from '../../src/metrics/clock.ts'
import { createTarget } from '../../src/targets/create-target.ts'
import type { Answer, GenerateRequest, Target } from '../../src/targets/target.ts'
import type { StreamOptions, StreamPart } from './protocol-server.ts'
import { head, httpChunk, ProtocolServer, respond, respondJSON, respondStream } from './protocol-server.ts'
import type { Wire, WireOptions } from './wire.ts'
import { openaiChat, openaiCompletions } from './wires/openai.ts'

/** A further target is one line here, and its wire in `wires/`. */
const WIRES: readonly Wire[] = [openaiChat, openaiCompletions]

const clock = startClock()
const usage = { promptTokens: 11, outputTokens: 3 }
const KEY = 'sk-secret-key-123456'

let server: ProtocolServer
let target: Target | undefined
let tokens = 0

beforeEach(async () => {
  server = await ProtocolServer.start(clock)
  tokens = 0
})

afterEach(async () => {
  await target?.close()
  target = undefined
  await server.idle()
  await server.close()
})

function open(wire: Wire, options: WireOptions = {}, baseURLs: readonly string[] = [server.url]): Target {
  target = createTarget(wire.spec(baseURLs, options), {
    clock,
    onTokens: (count) => {
      tokens += count
    },
  })
  return target
}

function request(more: Partial<GenerateRequest> = {}): GenerateRequest {
  return { messages: [{ role: 'user', content: 'Hello' }], maxTokens: 16, n: 1, stream: true, keepText: true, ...more }
}

function send(wire: Wire, more: Partial<GenerateRequest> = {}, options: WireOptions = {}): Promise<Answer> {
  return open(wire, options).send(request(more), new AbortController().signal)
}

/** The events that end an answer whose finish and usage are separate where the protocol has it so. */
function closing(wire: Wire): string[] {
  const end = wire.end === undefined ? [] : [wire.end]
  return wire.usage === undefined ? [wire.finish('stop', { usage }), ...end] : [wire.finish('stop'), wire.usage(usage), ...end]
}

function usual(wire: Wire, lineEnd?: string): string[] {
  return [...wire.opening, wire.token('Hello'), wire.token(' wörld 🙂'), wire.token('!'), ...closing(wire)].map((data) =>
    wire.frame(data, lineEnd),
  )
}

function stream(wire: Wire, parts: readonly StreamPart[], more: Partial<StreamOptions> = {}) {
  return respondStream(parts, { contentType: wire.contentType, ...more })
}

function expectUsual(answer: Answer): void {
  expect(answer.error).toBeUndefined()
  expect(answer.usage).toEqual(usage)
  const [choice] = answer.choices
  expect(choice).toMatchObject({ chunks: 3, finishReason: 'stop', text: 'Hello wörld 🙂!' })
  expect(choice!.gapsMs).toHaveLength(2)
  expectOrder(answer)
}

function expectOrder(answer: Answer): void {
  for (const choice of answer.choices) {
    expect(answer.sentNs!).toBeLessThanOrEqual(choice.firstTokenNs!)
    expect(choice.firstTokenNs!).toBeLessThanOrEqual(choice.lastTokenNs!)
    expect(choice.lastTokenNs!).toBeLessThanOrEqual(answer.endNs)
  }
}

describe.each(WIRES)('$name', (wire) => {
  const frames = (...events: string[]) => events.map((data) => wire.frame(data))

  test('a usual stream: text, counts, finish reason, and times in order', async () => {
    server.play(stream(wire, usual(wire)))
    expectUsual(await send(wire))
    expect(tokens).toBe(3)
    expect(server.requests).toHaveLength(1)
  })

  test('the first token is the first text, not an opening event, and is not before the server wrote it', async () => {
    const [first, ...rest] = frames(wire.token('Hello'), ...closing(wire))
    server.play(stream(wire, [...frames(...wire.opening), { write: first!, mark: 'first' }, ...rest]))
    const answer = await send(wire)
    expect(answer.choices[0]!.firstTokenNs!).toBeGreaterThan(server.marks.get('first')!)
    expect(answer.choices[0]!.chunks).toBe(1)
  })

  test('the last token is the last text, not the finish, the usage or the end', async () => {
    const [finish, ...rest] = frames(...closing(wire))
    server.play(
      stream(wire, [
        ...frames(wire.token('a'), wire.token('b')),
        { until: () => tokens === 2 },
        { write: finish!, mark: 'finish' },
        ...rest,
      ]),
    )
    const answer = await send(wire)
    expect(answer.choices[0]!.lastTokenNs!).toBeLessThan(server.marks.get('finish')!)
    expect(answer.endNs).toBeGreaterThan(server.marks.get('finish')!)
  })

  test('several tokens in one chunk: the server counts them, the chunks are counted apart', async () => {
    server.play(stream(wire, frames(wire.token('one two three'), ...closing(wire))))
    const answer = await send(wire)
    expect(answer.usage!.outputTokens).toBe(3)
    expect(answer.choices[0]!.chunks).toBe(1)
  })

  test('text and usage in the finish chunk count', async () => {
    server.play(stream(wire, frames(wire.token('a'), wire.finish('length', { text: 'b', usage }), ...(wire.end ? [wire.end] : []))))
    const answer = await send(wire)
    expect(answer.error).toBeUndefined()
    expect(answer.usage).toEqual(usage)
    expect(answer.choices[0]).toMatchObject({ chunks: 2, text: 'ab', finishReason: 'length' })
  })

  test.skipIf(wire.reasoning === undefined)('reasoning is the first token, the answer comes after it', async () => {
    const [thought, ...rest] = frames(wire.reasoning!('Hm. '), wire.token('Yes'), ...closing(wire))
    server.play(
      stream(wire, [
        ...frames(...wire.opening),
        thought!,
        { until: () => tokens === 1 },
        { write: rest[0]!, mark: 'answer' },
        ...rest.slice(1),
      ]),
    )
    const [choice] = (await send(wire)).choices
    expect(choice!.firstTokenNs!).toBeLessThan(server.marks.get('answer')!)
    expect(choice!.firstAnswerNs!).toBeGreaterThan(server.marks.get('answer')!)
    expect(choice).toMatchObject({ chunks: 2, text: 'Hm. Yes' })
  })

  test('events of one read have one time', async () => {
    const body = usual(wire).map((event) => httpChunk(event))
    const start = head(200, { 'content-type': wire.contentType, 'transfer-encoding': 'chunked' })
    server.play([{ write: Buffer.concat([Buffer.from(start), ...body, Buffer.from('0\r\n\r\n')]) }])
    const [choice] = (await send(wire)).choices
    expect(choice!.chunks).toBe(3)
    expect(Array.from(choice!.gapsMs)).toEqual([0, 0])
    expect(choice!.firstTokenNs).toBe(choice!.lastTokenNs)
  })

  test('a stream cut at every byte is the same answer', async () => {
    server.play(stream(wire, usual(wire), { cut: (bytes) => Array.from(bytes, (byte) => Buffer.from([byte])) }))
    expectUsual(await send(wire))
  })

  test('line ends of CRLF, cut at every byte, are the same answer', async () => {
    server.play(stream(wire, usual(wire, '\r\n'), { cut: (bytes) => Array.from(bytes, (byte) => Buffer.from([byte])) }))
    expectUsual(await send(wire))
  })

  test.skipIf(wire.comment === undefined)('comments are skipped', async () => {
    server.play(
      stream(
        wire,
        usual(wire).flatMap((event) => [wire.comment!, event]),
      ),
    )
    expectUsual(await send(wire))
  })

  test.skipIf(wire.end === undefined)('without the end mark a finish reason is enough', async () => {
    server.play(stream(wire, usual(wire).slice(0, -1)))
    expectUsual(await send(wire))
  })

  test.skipIf(wire.end === undefined)('what goes wrong after the end mark is no failure', async () => {
    server.play(stream(wire, usual(wire), { end: 'close' }))
    expectUsual(await send(wire))
  })

  test('text is dropped where the server counts and nobody asked for it, and kept where it must be counted', async () => {
    server.play(stream(wire, usual(wire)))
    expect((await send(wire, { keepText: false })).choices[0]!.text).toBe('')
    await target!.close()
    server.play(stream(wire, frames(wire.token('Hello'), wire.finish('stop'))))
    const uncounted = await send(wire, { keepText: false })
    expect(uncounted.usage).toBeUndefined()
    expect(uncounted.choices[0]!.text).toBe('Hello')
  })

  test('two answers in one request are kept apart', async () => {
    server.play(
      stream(
        wire,
        frames(
          wire.token('a', 0),
          wire.token('x', 1),
          wire.token('b', 0),
          wire.finish('stop', { choice: 0 }),
          wire.token('y', 1),
          wire.token('z', 1),
          wire.finish('length', { choice: 1, usage }),
        ),
      ),
    )
    const answer = await send(wire, { n: 2 })
    expect(answer.error).toBeUndefined()
    expect(answer.choices).toMatchObject([
      { text: 'ab', chunks: 2, finishReason: 'stop' },
      { text: 'xyz', chunks: 3, finishReason: 'length' },
    ])
    expectOrder(answer)
  })

  test('fewer answers than were asked for are a failure', async () => {
    server.play(stream(wire, usual(wire)))
    expect((await send(wire, { n: 2 })).error).toMatchObject({ kind: 'protocol', message: expect.stringContaining('2 answers') as string })
  })

  test('without a stream the end is the last byte, and there is no first token', async () => {
    server.play(respondJSON(wire.document(['Hello you'], 'stop', usage)))
    const answer = await send(wire, { stream: false })
    expect(answer.error).toBeUndefined()
    expect(answer.usage).toEqual(usage)
    expect(answer.choices[0]).toMatchObject({ chunks: 1, finishReason: 'stop', text: 'Hello you' })
    expect(answer.choices[0]!.firstTokenNs).toBeUndefined()
    expect(answer.choices[0]!.lastTokenNs!).toBeGreaterThan(answer.sentNs!)
    expect(answer.choices[0]!.lastTokenNs!).toBeLessThanOrEqual(answer.endNs)
  })

  test('a document cut short is truncated', async () => {
    const body = JSON.stringify(wire.document(['Hello you'], 'stop', usage))
    server.play([
      { write: head(200, { 'content-type': 'application/json', 'content-length': String(body.length) }) + body.slice(0, 20) },
      'close',
    ])
    expect((await send(wire, { stream: false })).error!.kind).toBe('truncated')
  })

  test('an error inside of the stream is a failure of the server', async () => {
    server.play(stream(wire, frames(wire.token('a'), wire.error('out of memory'), ...(wire.end ? [wire.end] : []))))
    expect((await send(wire)).error).toMatchObject({ kind: 'server', message: expect.stringContaining('out of memory') as string })
  })

  test('an error in place of the stream is a failure of the server', async () => {
    server.play(respond(200, { 'content-type': 'application/json' }, wire.error('no such adapter')))
    expect((await send(wire)).error).toEqual({ kind: 'server', message: 'no such adapter' })
  })

  test('a stream that ends without a finish is truncated', async () => {
    server.play(stream(wire, frames(...wire.opening, wire.token('a'))))
    const answer = await send(wire)
    expect(answer.error!.kind).toBe('truncated')
    expect(answer.choices[0]!.chunks).toBe(1)
  })

  test('a stream that ends in the middle of an event is truncated', async () => {
    server.play(stream(wire, [...frames(wire.token('a')), wire.frame(wire.token('b')).slice(0, 25)]))
    expect((await send(wire)).error!.kind).toBe('truncated')
  })

  test('a stream of nothing is truncated', async () => {
    server.play(stream(wire, []))
    expect((await send(wire)).error!.kind).toBe('truncated')
  })

  test('an answer that finishes without a token is empty', async () => {
    server.play(stream(wire, frames(...wire.opening, wire.finish('stop'), ...(wire.end ? [wire.end] : []))))
    expect((await send(wire)).error!.kind).toBe('empty')
  })

  test('429 says when to come back, and is not tried again', async () => {
    server.play(respond(429, { 'content-type': 'application/json', 'retry-after': '17' }, '{"error":{"message":"slow down"}}'))
    expect((await send(wire)).error).toEqual({ kind: 'http', message: 'HTTP 429 (Retry-After: 17): slow down' })
    expect(server.requests).toHaveLength(1)
  })

  test('a refused key is not in the message, though the server quotes it', async () => {
    server.play((seen) =>
      respond(401, { 'content-type': 'application/json' }, JSON.stringify({ detail: `bad: ${seen.headers.authorization}` })),
    )
    const { error } = await send(wire, {}, { apiKeys: [KEY] })
    expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${KEY}`)
    expect(error!.kind).toBe('http')
    expect(error!.message).toContain('401')
    expect(error!.message).not.toContain(KEY)
  })

  test('an HTML page is the wrong protocol', async () => {
    server.play(respond(200, { 'content-type': 'text/html' }, '<!doctype html><html><head><title>Welcome</title></head></html>'))
    expect((await send(wire)).error).toEqual({ kind: 'protocol', message: 'HTTP 200 with an HTML page, "Welcome"' })
  })

  test('a document where a stream was asked for is the wrong protocol, and the other way round', async () => {
    server.play(respondJSON(wire.document(['a'], 'stop', usage)))
    expect((await send(wire)).error!.kind).toBe('protocol')
    await target!.close()
    server.play(stream(wire, usual(wire)))
    expect((await send(wire, { stream: false })).error!.kind).toBe('protocol')
  })

  test('bytes that are not the format are the wrong protocol', async () => {
    server.play(stream(wire, [wire.frame('{"choices": [')]))
    expect((await send(wire)).error!.kind).toBe('protocol')
    await target!.close()
    server.play([{ write: 'SSH-2.0-OpenSSH_9.2\r\n' }, 'hang'])
    expect((await send(wire)).error!.kind).toBe('protocol')
  })

  test('an event of more than 16 MiB is refused', async () => {
    server.play(stream(wire, [wire.frame(wire.token('x'.repeat(17 * 1024 * 1024)))]))
    expect((await send(wire)).error).toEqual({ kind: 'protocol', message: 'an event of the stream is larger than 16 MiB' })
    await server.idle()
  })

  test('a reset in the middle of the stream', async () => {
    server.play(stream(wire, [...frames(...wire.opening, wire.token('a')), { until: () => tokens === 1 }], { end: 'reset' }))
    const answer = await send(wire)
    expect(answer.error!.kind).toBe('reset')
    expect(answer.choices[0]!.chunks).toBe(1)
  })

  test('a connection closed in the middle of the stream', async () => {
    server.play(stream(wire, frames(wire.token('a')), { end: 'close' }))
    expect((await send(wire)).error!.kind).toBe('reset')
  })

  test('a connection closed without an answer is not tried again', async () => {
    server.play(['close'])
    const answer = await send(wire)
    expect(answer.error!.kind).toBe('reset')
    expect(server.requests).toHaveLength(1)
  })

  test('a stall in the middle of the stream ends at the idle time-out', async () => {
    server.play(stream(wire, frames(wire.token('a')), { end: 'hang' }))
    const answer = await send(wire, {}, { idleTimeout: 0.1 })
    expect(answer.error!.kind).toBe('idle')
    expect(answer.endNs - answer.choices[0]!.lastTokenNs!).toBeGreaterThanOrEqual(0.1e9)
    await server.idle()
  })

  test('a stall before the first byte ends at the whole time-out, not at the idle one', async () => {
    server.play(['hang'])
    const answer = await send(wire, {}, { idleTimeout: 0.02, timeout: 0.1 })
    expect(answer.error).toEqual({ kind: 'timeout', message: 'no answer within 0.1 s (timeout)' })
    await server.idle()
  })

  test('a stream that goes on and on ends at the whole time-out', async () => {
    const events = Array.from({ length: 50_000 }, () => wire.frame(wire.token('a')))
    server.play(stream(wire, events, { end: 'hang' }))
    expect((await send(wire, {}, { timeout: 0.1 })).error!.kind).toBe('timeout')
    await server.idle()
  })

  test('nobody listens: connect', async () => {
    const { url } = server
    await server.close()
    const answer = await open(wire, {}, [url]).send(request(), new AbortController().signal)
    expect(answer.error).toMatchObject({ kind: 'connect', message: expect.stringContaining('ECONNREFUSED') as string })
    expect(answer.sentNs).toBeUndefined()
    server = await ProtocolServer.start(clock)
  })

  test('http where https was asked for: connect', async () => {
    const answer = await open(wire, {}, [server.url.replace('http:', 'https:')]).send(request(), new AbortController().signal)
    expect(answer.error!.kind).toBe('connect')
  })

  test('cancelling closes the socket', async () => {
    const controller = new AbortController()
    server.play(stream(wire, frames(wire.token('a')), { end: 'hang' }))
    target = createTarget(wire.spec([server.url], {}), { clock, onTokens: () => controller.abort() })
    const answer = await target.send(request(), controller.signal)
    expect(answer.error!.kind).toBe('cancelled')
    await server.idle()
    expect((await target.send(request(), controller.signal)).error!.kind).toBe('cancelled')
    expect(server.requests).toHaveLength(1)
  })

  test('closing ends what is under way', async () => {
    server.play(stream(wire, frames(wire.token('a')), { end: 'hang' }))
    target = createTarget(wire.spec([server.url], {}), { clock, onTokens: () => void target!.close() })
    expect((await target.send(request(), new AbortController().signal)).error!.kind).toBe('cancelled')
    await server.idle()
  })

  test('a connection is kept and used again; only the first request opens one', async () => {
    server.play(stream(wire, usual(wire)))
    const { signal } = new AbortController()
    const open1 = open(wire)
    const answers = [await open1.send(request(), signal), await open1.send(request(), signal), await open1.send(request(), signal)]
    expect(answers.map(({ connectNs }) => connectNs !== undefined)).toEqual([true, false, false])
    expect(answers.every(({ error }) => error === undefined)).toBe(true)
    expect(server.connections).toBe(1)
  })

  test('requests at the same time have connections of their own, which serve the next ones', async () => {
    server.play(stream(wire, usual(wire)))
    const { signal } = new AbortController()
    const open1 = open(wire)
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 8 }, () => open1.send(request(), signal)))
      answers.forEach(expectUsual)
      expect(answers.filter(({ connectNs }) => connectNs !== undefined)).toHaveLength(round === 0 ? 8 : 0)
    }
    expect(server.connections).toBe(8)
  })

  test('a server that closes after each answer is reached anew', async () => {
    const [start, ...rest] = stream(wire, usual(wire))
    const closingStart = { write: (start as { write: string }).write.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n') }
    server.play([closingStart, ...rest, 'close'])
    const { signal } = new AbortController()
    const open1 = open(wire)
    for (let i = 0; i < 2; i++) {
      const answer = await open1.send(request(), signal)
      expectUsual(answer)
      expect(answer.connectNs).toBeGreaterThan(0)
    }
  })

  test('URLs and keys take turns, each by itself', async () => {
    const second = await ProtocolServer.start(clock)
    server.play(stream(wire, usual(wire)))
    second.play(stream(wire, usual(wire)))
    const { signal } = new AbortController()
    const open1 = open(wire, { apiKeys: ['key-a', 'key-b', 'key-c'] }, [server.url, second.url])
    const addresses: string[] = []
    for (let i = 0; i < 6; i++) addresses.push((await open1.send(request(), signal)).address)
    expect(addresses).toEqual([server.url, second.url, server.url, second.url, server.url, second.url])
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer key-a', 'Bearer key-c', 'Bearer key-b'])
    expect(second.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer key-b', 'Bearer key-a', 'Bearer key-c'])
    await open1.close()
    await second.idle()
    await second.close()
  })

  test('secrets of the URL and of headers are in no message and no address', async () => {
    server.play((seen) => respond(500, { 'content-type': 'text/plain' }, `${seen.path} ${JSON.stringify(seen.headers)}`))
    const url = server.url.replace('http://', 'http://user:url-password@')
    const answer = await open(wire, { headers: { 'X-Api-Key': 'header-secret' } }, [`${url}/?sig=query-secret`]).send(
      request(),
      new AbortController().signal,
    )
    expect(answer.error!.kind).toBe('http')
    for (const secret of ['url-password', 'header-secret', 'query-secret']) expect(JSON.stringify(answer)).not.toContain(secret)
    expect(server.requests[0]!.headers['x-api-key']).toBe('header-secret')
  })
})

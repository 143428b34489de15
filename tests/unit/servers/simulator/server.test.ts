import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { simulator } from '../../../../src/dsl/simulator.ts'
import type { SimulatorOptions } from '../../../../src/dsl/simulator.ts'
import { serveSimulator } from '../../../../src/servers/simulator/http-server.ts'
import { chunksOf, piecesOf } from '../openai-client.ts'
import { PATIENCE_MS } from '../../../patience.ts'
import { eventsOf, rawPost, rawSend } from './raw-client.ts'

const FAST = { ttft: 2, itl: 1 }
const CHAT = { messages: [{ role: 'user', content: 'four bytes each: here' }], max_tokens: 6, stream: true }

async function start(options: SimulatorOptions = {}, root = process.cwd()) {
  const served = await serveSimulator(simulator({ ...FAST, ...options }), { root })
  onTestFinished(() => served.close())
  const { port } = served.report
  const url = `http://127.0.0.1:${port}`
  return {
    port,
    close: () => served.close(),
    get: async (path: string, init?: RequestInit) => fetch(url + path, init),
    post: async (body: object, path = '/v1/chat/completions') => fetch(url + path, { method: 'POST', body: JSON.stringify(body) }),
    truth: async () =>
      (await (await fetch(`${url}/simulator/truth`)).text())
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' ')),
    metric: async (name: string) =>
      Number(new RegExp(`^vllm:${name}{[^}]*} (\\S+)$`, 'm').exec(await (await fetch(`${url}/metrics`)).text())![1]),
  }
}

describe('answers', () => {
  test('a streamed chat: role, a token a chunk, finish, usage, [DONE]', async () => {
    const server = await start()
    const response = await server.post({ ...CHAT, stream_options: { include_usage: true } })
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    const chunks = chunksOf(await response.text())
    expect(chunks.map(({ choices: [choice] }) => [choice?.delta?.role, choice?.finish_reason])).toEqual([
      ['assistant', null],
      ...Array.from({ length: 6 }, () => [undefined, null]),
      [undefined, 'length'],
      [undefined, undefined],
    ])
    expect(piecesOf(chunks)).toHaveLength(6)
    expect(chunks.at(-1)!.usage).toEqual({ prompt_tokens: 6, completion_tokens: 6, total_tokens: 12 })
    expect(new Set(chunks.map((chunk) => (chunk as unknown as { id: string }).id)).size).toBe(1)
  })

  test('whole, the same text', async () => {
    const server = await start()
    const streamed = piecesOf(chunksOf(await (await server.post(CHAT)).text())).join('')
    const whole = (await (await server.post({ ...CHAT, stream: false })).json()) as Record<string, never>
    expect(whole).toMatchObject({
      choices: [{ message: { role: 'assistant', content: streamed }, finish_reason: 'length' }],
      usage: { completion_tokens: 6 },
    })
  })

  test('completions, several choices, several tokens a chunk, and a model whose name is not ASCII', async () => {
    const server = await start({ tokensPerChunk: 4, model: 'größer ✓' })
    const body = { prompt: [1, 2, 3], max_tokens: 6, n: 2, stream: true, stream_options: { include_usage: true }, model: 'größer ✓' }
    const chunks = chunksOf(await (await server.post(body, '/v1/completions')).text())
    for (const choice of [0, 1]) expect(piecesOf(chunks, choice).map((piece) => piece.trim().split(' ').length)).toEqual([4, 2])
    expect(chunks.at(-1)).toMatchObject({ model: 'größer ✓', usage: { prompt_tokens: 3, completion_tokens: 12 } })
    expect((await server.truth())[0]!.at(-1)).toBe('12')
  })

  test('an answer ends by itself where outputTokens says so, unless the request forces its length', async () => {
    const server = await start({ outputTokens: 4 })
    const finish = async (more: object) => {
      const { choices, usage } = (await (await server.post({ ...CHAT, stream: false, ...more })).json()) as never as {
        choices: { finish_reason: string }[]
        usage: { completion_tokens: number }
      }
      return [choices[0]!.finish_reason, usage.completion_tokens]
    }
    expect(await finish({})).toEqual(['stop', 4])
    expect(await finish({ max_tokens: 3 })).toEqual(['length', 3])
    expect(await finish({ ignore_eos: true })).toEqual(['length', 6])
    expect(await finish({ min_tokens: 5 })).toEqual(['stop', 5])
    expect(await finish({ max_tokens: undefined })).toEqual(['stop', 4])
  })

  test('bad input gets an OpenAI-shaped refusal, and the connection lives on', async () => {
    const server = await start({ apiKey: 'k' })
    const auth = { authorization: 'Bearer k' }
    expect((await server.get('/v1/models')).status).toBe(401)
    expect((await server.get('/health')).status).toBe(200)
    expect((await server.get('/nothing', { headers: auth })).status).toBe(404)
    expect((await server.get('/v1/chat/completions', { headers: auth })).status).toBe(405)
    const post = (body: string) => server.get('/v1/chat/completions', { method: 'POST', body, headers: auth })
    expect((await post('{')).status).toBe(400)
    expect((await post(JSON.stringify({ ...CHAT, model: 'other' }))).status).toBe(404)
    expect(await (await post(JSON.stringify({ ...CHAT, max_tokens: 1e9 }))).json()).toMatchObject({
      error: { code: 'context_length_exceeded' },
    })
    expect((await post(JSON.stringify(CHAT))).status).toBe(200)
  })

  test('pipelined requests are answered in order; what is no HTTP is refused and closed', async () => {
    const server = await start()
    const { body } = await rawSend(
      server.port,
      ['/health', '/v1/models', '/health'].map((path) => `GET ${path} HTTP/1.1\r\nhost: h\r\n\r\n`).join(''),
      '}]}HTTP/1.1 200 OK',
    )
    expect(body).toMatch(/^\{"status":"ok"\}HTTP\/1\.1 200 OK.*"data":\[.*\]\}HTTP/s)
    expect(await rawSend(server.port, 'nonsense\r\n\r\n', '\0')).toMatchObject({
      head: expect.stringMatching(/ 400 /) as string,
      end: 'end',
    })
    const closing = 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n'
    expect(await rawSend(server.port, closing, '\0')).toMatchObject({ body: '{"status":"ok"}', end: 'end' })
  })
})

describe('the books', () => {
  test('the truth log has a line for each request, with times as planned at the earliest', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'simulator-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const server = await start({ ttft: 30, itl: 10, truthLog: 'truth.log' }, folder)
    const before = process.hrtime.bigint()
    await (await server.post({ ...CHAT, messages: [{ role: 'user', content: 'x #id=17# y' }] })).text()
    const after = process.hrtime.bigint()
    const [line] = await server.truth()
    const [received, first, last] = line!.slice(1, 4).map(BigInt) as [bigint, bigint, bigint]
    expect([line![0], line![4]]).toEqual(['17', '6'])
    expect(received).toBeGreaterThan(before)
    expect(last).toBeLessThan(after)
    expect(first - received).toBeGreaterThanOrEqual(29_999_000n)
    expect(last - received).toBeGreaterThanOrEqual(79_999_000n)
    await server.close()
    expect(await readFile(join(folder, 'truth.log'), 'utf8')).toBe(`${line!.join(' ')}\n`)
  })

  test('a request is named by its x-request-id where the prompt has no mark, and −1 where it has no name', async () => {
    const server = await start()
    await (
      await server.get('/v1/chat/completions', { method: 'POST', body: JSON.stringify(CHAT), headers: { 'x-request-id': 'r-1' } })
    ).text()
    await (await server.post(CHAT)).text()
    expect((await server.truth()).map(([id]) => id)).toEqual(['r-1', '-1'])
  })

  test('metrics have vLLM’s names and tell of running, waiting, tokens and cache', async () => {
    const server = await start({ ttft: 1, itl: 10_000, maxNumSeqs: 2, kvCacheTokens: 28 })
    const stop = new AbortController()
    const body = JSON.stringify({ ...CHAT, stream_options: { include_usage: true } })
    const open = Array.from({ length: 3 }, () => server.get('/v1/chat/completions', { method: 'POST', body, signal: stop.signal }))
    await Promise.all(open)
    await vi.waitFor(async () => expect(await server.metric('generation_tokens_total')).toBe(2), PATIENCE_MS)
    expect(await server.metric('num_requests_running')).toBe(2)
    expect(await server.metric('num_requests_waiting')).toBe(1)
    expect(await server.metric('prompt_tokens_total')).toBe(12)
    // Each holds its 6 prompt tokens and one of its own.
    expect(await server.metric('kv_cache_usage_perc')).toBe(0.5)
    expect(await server.metric('gpu_cache_usage_perc')).toBe(0.5)
    stop.abort()
    await vi.waitFor(async () => expect(await server.metric('num_requests_running')).toBe(0), PATIENCE_MS)
    expect(await server.metric('num_requests_waiting')).toBe(0)
    expect((await server.truth()).reduce((sum, line) => sum + Number(line[4]), 0)).toBe(2)
  })

  test('a client that does not read is not written to without end, and gets all when it does', async () => {
    const server = await start({ ttft: 0, itl: 0 })
    const response = await server.post({ ...CHAT, max_tokens: 200_000 })
    await vi.waitFor(async () => {
      const made = await server.metric('generation_tokens_total')
      expect(made).toBeGreaterThan(0)
      expect(await server.metric('generation_tokens_total')).toBe(made)
      expect(made).toBeLessThan(200_000)
    }, PATIENCE_MS)
    let events = 0
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) events += part.split('\n\n').length - 1
    expect(events).toBe(200_003)
  })

  test('two servers of one seed tell the same lengths', async () => {
    const lengths: (string | undefined)[][] = []
    for (let i = 0; i < 2; i++) {
      const server = await start({ seed: 5, outputTokens: 20, outputTokensSpread: 0.9 })
      for (let k = 0; k < 8; k++) await (await server.post({ ...CHAT, max_tokens: undefined })).text()
      lengths.push((await server.truth()).map((line) => line[4]))
    }
    expect(new Set(lengths[0]).size).toBeGreaterThan(3)
    expect(lengths[1]).toEqual(lengths[0])
  })
})

describe('faults, as a client on a plain socket sees them', () => {
  test('http500 and http429 with Retry-After', async () => {
    const server = await start({ faults: { http500: { requests: [1] }, http429: { requests: [2], retryAfter: '2500ms' } } })
    expect((await rawPost(server.port, CHAT, '}}')).head).toMatch(/^HTTP\/1\.1 500 /)
    expect((await rawPost(server.port, CHAT, '}}')).head).toMatch(/^HTTP\/1\.1 429 .*retry-after: 3$/ims)
    expect(await rawPost(server.port, CHAT, '\r\n0\r\n\r\n')).toMatchObject({ end: 'open' })
    expect(await (await server.get('/simulator/stats')).json()).toMatchObject({ requests: 3, faults: { http500: 1, http429: 1 } })
  })

  test('reset: after the tokens that were asked for, in a stream and in a whole answer', async () => {
    const server = await start({ faults: { reset: { afterTokens: 2 } } })
    const { body, end } = await rawPost(server.port, CHAT, '\0')
    expect([eventsOf(body).length, end]).toEqual([3, 'reset'])
    expect(await rawPost(server.port, { ...CHAT, stream: false }, '\0')).toEqual({ head: '', body: '', end: 'reset' })
    expect((await server.truth()).map((line) => line[4])).toEqual(['2', '0'])
  })

  test('stall: nothing more comes until the client goes, or for as long as was asked', async () => {
    const server = await start({ faults: { stall: { requests: [1], afterTokens: 1 }, truncate: { requests: [3] } } })
    const { body } = await rawPost(server.port, CHAT, ' amber')
    expect(eventsOf(body)).toHaveLength(2)
    await vi.waitFor(async () => expect(await server.truth()).toHaveLength(1), PATIENCE_MS)
    const short = await start({ faults: { stall: { duration: 30 } } })
    expect(eventsOf((await rawPost(short.port, CHAT, '\r\n0\r\n\r\n')).body).at(-1)).toBe('[DONE]')
    const [line] = await short.truth()
    expect(BigInt(line![3]!) - BigInt(line![2]!)).toBeGreaterThanOrEqual(30_000_000n)
  })

  test('truncate: a whole body without finish or [DONE]; a whole answer breaks off', async () => {
    const server = await start({ faults: { truncate: 1 } })
    const { body } = await rawPost(server.port, CHAT, '\r\n0\r\n\r\n')
    expect(eventsOf(body).map((data) => JSON.parse(data) as object)).toHaveLength(4)
    expect(body).not.toContain('"length"')
    const whole = await rawPost(server.port, { ...CHAT, stream: false }, '\0')
    expect(whole.end).toBe('end')
    expect(whole.body.length).toBeLessThan(Number(/content-length: (\d+)/.exec(whole.head)![1]))
  })

  test('badJson: one event is none, the others come', async () => {
    const server = await start({ faults: { badJson: 1 } })
    const events = eventsOf((await rawPost(server.port, CHAT, '\r\n0\r\n\r\n')).body)
    expect(events.filter((data) => data === '{"id":"chatcmpl-')).toHaveLength(1)
    expect(events).toHaveLength(1 + 6 + 1 + 1 + 1)
  })

  test('errorEvent: an error under 200, then [DONE]', async () => {
    const server = await start({ faults: { errorEvent: 1 } })
    const { head, body } = await rawPost(server.port, CHAT, '\r\n0\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 200 /)
    expect(JSON.parse(eventsOf(body).at(-2)!)).toMatchObject({ error: { message: expect.stringContaining('simulated') as string } })
    expect(await (await server.post({ ...CHAT, stream: false })).json()).toHaveProperty('error')
  })

  test('empty: a stream with nothing in it', async () => {
    const server = await start({ faults: { empty: 1 } })
    expect(eventsOf((await rawPost(server.port, CHAT, '\r\n0\r\n\r\n')).body)).toEqual(['[DONE]'])
    expect((await server.truth())[0]!.slice(2)).toEqual(['0', '0', '0'])
    expect(await (await server.post({ ...CHAT, stream: false })).json()).toMatchObject({ choices: [{ message: { content: '' } }] })
  })

  test('slowHeaders: not a byte before its time', async () => {
    const server = await start({ faults: { slowHeaders: { delay: 60 } } })
    const before = performance.now()
    await rawPost(server.port, CHAT, 'HTTP/1.1')
    expect(performance.now() - before).toBeGreaterThanOrEqual(59)
  })

  test('refuse: connections in use are reset and new ones refused, until the port is served again', async () => {
    const server = await start({ ttft: 5000, faults: { refuse: { from: 20, until: 1500 } } })
    expect((await rawPost(server.port, CHAT, '\0')).end).toBe('reset')
    expect((await rawPost(server.port, CHAT, '\0')).end).toBe('refused')
    await vi.waitFor(async () => expect((await server.get('/health')).status).toBe(200), PATIENCE_MS)
  })
})

test('a port that is taken and a log that can not be written are clear errors', async () => {
  const { port } = await start()
  await expect(serveSimulator(simulator(), { port, root: process.cwd() })).rejects.toThrow(/can't listen on port \d+: .*EADDRINUSE/)
  await expect(serveSimulator(simulator({ truthLog: 'no/such/folder/t.log' }), { root: process.cwd() })).rejects.toMatchObject({
    code: 'SERVER',
    message: expect.stringContaining('`truthLog`') as string,
  })
})

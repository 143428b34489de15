import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { Tokenizer } from '@huggingface/tokenizers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { embedded } from '../../../src/dsl/targets.ts'
import { startEmbedded } from '../../../src/servers/embedded/start.ts'
import type { RunningServer } from '../../../src/servers/server.ts'
import { PATIENCE_MS } from '../../patience.ts'
import { chunksOf, metric, piecesOf, post } from './openai-client.ts'
import type { Chunk } from './openai-client.ts'

const ROOT = import.meta.dirname
/** Tokens of context that each of the eight sequences has. */
const CONTEXT = 1024

let server: RunningServer
beforeAll(async () => {
  server = await startEmbedded(embedded({ contextSize: 8 * CONTEXT }), { root: ROOT })
})
afterAll(() => server.close())

const chat = (content: string, rest: object = {}): object => ({ messages: [{ role: 'user', content }], temperature: 0, ...rest })
const streamed = { stream: true, stream_options: { include_usage: true } }

async function stream(path: string, body: object): Promise<Chunk[]> {
  const response = await post(server, path, { ...body, ...streamed })
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  return chunksOf(await response.text())
}

async function json(path: string, body: object): Promise<Chunk & { choices: { message?: { content: string }; text?: string }[] }> {
  return (await (await post(server, path, body)).json()) as never
}

describe('answers', () => {
  test('a streamed chat: role, a token a chunk, finish, usage, [DONE]', async () => {
    const chunks = await stream('/chat/completions', chat('hello', { max_tokens: 5 }))
    expect(chunks.map(({ choices: [choice] }) => [choice?.delta?.role, choice?.finish_reason])).toEqual([
      ['assistant', null],
      ...Array.from({ length: 5 }, () => [undefined, null]),
      [undefined, 'length'],
      [undefined, undefined],
    ])
    expect(chunks[0]!.choices[0]!.delta).toEqual({ role: 'assistant', content: '' })
    expect(piecesOf(chunks)).toHaveLength(5)
    expect(chunks.at(-1)).toMatchObject({ object: 'chat.completion.chunk', choices: [], usage: { completion_tokens: 5 } })
  })

  test('the same chat whole has the same text and usage', async () => {
    const chunks = await stream('/chat/completions', chat('hello', { max_tokens: 5 }))
    const whole = await json('/chat/completions', chat('hello', { max_completion_tokens: 5 }))
    expect(whole.choices[0]).toMatchObject({ message: { role: 'assistant', content: piecesOf(chunks).join('') }, finish_reason: 'length' })
    expect(whole.usage).toEqual(chunks.at(-1)!.usage)
  })

  test('without include_usage there is no usage chunk', async () => {
    const chunks = chunksOf(await (await post(server, '/chat/completions', chat('hello', { max_tokens: 2, stream: true }))).text())
    expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe('length')
  })

  test('completions, streamed and whole', async () => {
    const body = { prompt: ' the number of', temperature: 0 }
    const chunks = await stream('/completions', { ...body, max_tokens: 4 })
    expect(piecesOf(chunks)).toHaveLength(4)
    expect(chunks.at(-2)!.choices[0]).toMatchObject({ text: '', finish_reason: 'length' })
    const whole = await json('/completions', { ...body, max_tokens: 4 })
    expect(whole).toMatchObject({ object: 'text_completion', choices: [{ text: piecesOf(chunks).join('') }], usage: { prompt_tokens: 4 } })
    expect((await json('/completions', body)).usage!.completion_tokens).toBe(16)
  })

  test('prompts as token ids, and content in parts', async () => {
    const byText = await json('/completions', { prompt: 'the', temperature: 0, max_tokens: 3 })
    const tokenizer = new Tokenizer(JSON.parse(await readFile(server.tokenizer!, 'utf8')) as object, {})
    const byIds = await json('/completions', { prompt: tokenizer.encode('the').ids, temperature: 0, max_tokens: 3 })
    expect(byIds.choices).toEqual(byText.choices)
    const parts = [
      { type: 'text', text: 'hel' },
      { type: 'text', text: 'lo' },
    ]
    const inParts = await json('/chat/completions', { messages: [{ role: 'user', content: parts }], temperature: 0, max_tokens: 3 })
    expect(inParts.choices).toEqual((await json('/chat/completions', chat('hello', { max_tokens: 3 }))).choices)
  })

  test('n gives each choice a seed of its own, and counts the prompt once', async () => {
    const one = await json('/chat/completions', chat('hello', { max_tokens: 6, temperature: 1, seed: 1 }))
    const three = await stream('/chat/completions', chat('hello', { max_tokens: 6, temperature: 1, seed: 1, n: 3 }))
    const texts = [0, 1, 2].map((choice) => piecesOf(three, choice).join(''))
    expect(new Set(texts).size).toBe(3)
    expect(texts[0]).toBe(one.choices[0]!.message!.content)
    expect(three.at(-1)!.usage).toMatchObject({ prompt_tokens: one.usage!.prompt_tokens, completion_tokens: 18 })
  })

  test('the same seed gives the same text; another seed, or none, another one', async () => {
    const texts = await Promise.all(
      [7, 7, 8, undefined].map(async (seed) => {
        const answer = await json('/chat/completions', chat('hello', { max_tokens: 24, temperature: 1, seed }))
        return answer.choices[0]!.message!.content
      }),
    )
    expect(texts[1]).toBe(texts[0])
    expect(new Set(texts).size).toBe(3)
  })

  test('stop strings end the answer before them, across tokens too', async () => {
    const { choices } = await json('/chat/completions', chat('hello', { max_tokens: 12 }))
    const full = choices[0]!.message!.content
    const stop = full.slice(full.indexOf(' ', 12) - 2, full.indexOf(' ', 12) + 3)
    const expected = full.slice(0, full.indexOf(stop))
    const whole = await json('/chat/completions', chat('hello', { max_tokens: 12, stop: ['not in there', stop] }))
    expect(whole.choices[0]).toMatchObject({ message: { content: expected }, finish_reason: 'stop' })
    const chunks = await stream('/chat/completions', chat('hello', { max_tokens: 12, stop }))
    expect(piecesOf(chunks).join('')).toBe(expected)
    expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe('stop')
    expect(chunks.at(-1)!.usage!.completion_tokens).toBeLessThan(12)
  })
})

test("twenty at once over eight sequences: chunks, usage, retokenised text and the server's own count agree", async () => {
  const tokenizer = new Tokenizer(JSON.parse(await readFile(server.tokenizer!, 'utf8')) as object, {})
  const before = { predicted: await metric(server, 'tokens_predicted_total'), prompt: await metric(server, 'prompt_tokens_total') }
  const lengths = Array.from({ length: 20 }, (_, index) => 5 + index)
  const answers = await Promise.all(
    lengths.map((length, index) => stream('/chat/completions', chat(`question ${index}`, { max_tokens: length, temperature: 1 }))),
  )
  for (const [index, chunks] of answers.entries()) {
    const pieces = piecesOf(chunks)
    expect(pieces).toHaveLength(lengths[index]!)
    expect(chunks.at(-1)!.usage!.completion_tokens).toBe(lengths[index]!)
    expect(tokenizer.encode(pieces.join(''), { add_special_tokens: false }).ids).toHaveLength(lengths[index]!)
  }
  expect((await metric(server, 'tokens_predicted_total')) - before.predicted).toBe(sum(lengths))
  const prompts = answers.map((chunks) => chunks.at(-1)!.usage!.prompt_tokens)
  expect((await metric(server, 'prompt_tokens_total')) - before.prompt).toBe(sum(prompts))
})

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function idle(): Promise<void> {
  return vi.waitFor(async () => {
    expect(await metric(server, 'requests_processing')).toBe(0)
    expect(await metric(server, 'requests_deferred')).toBe(0)
  }, PATIENCE_MS)
}

describe('a client that goes away frees its sequence', () => {
  const long = chat('hello', { max_tokens: 900 })

  test.for([true, false])('stream: %s, running and queued', async (stream) => {
    await idle()
    const abort = new AbortController()
    const before = await metric(server, 'tokens_predicted_total')
    const requests = Array.from({ length: 12 }, async () => {
      const response = await post(server, '/chat/completions', { ...long, stream }, { signal: abort.signal })
      return await response.text()
    })
    const settled = Promise.allSettled(requests)
    await vi.waitFor(async () => {
      expect(await metric(server, 'requests_processing')).toBe(8)
      expect(await metric(server, 'requests_deferred')).toBe(4)
    }, PATIENCE_MS)
    abort.abort()
    for (const { status } of await settled) expect(status).toBe('rejected')
    await idle()
    expect((await metric(server, 'tokens_predicted_total')) - before).toBeLessThan(8 * 900)
  })

  test('one that never reads', async () => {
    await idle()
    const socket = connect(Number(new URL(server.baseURL).port), '127.0.0.1')
    socket.pause()
    const body = JSON.stringify({ ...long, n: 20, stream: true })
    socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
    await vi.waitFor(async () => expect(await metric(server, 'requests_processing')).toBe(8), PATIENCE_MS)
    socket.destroy()
    await once(socket, 'close')
    await idle()
  })
})

describe('bad input is refused in the shape of the API', () => {
  const cases: [string, string, object | string, number, object][] = [
    ['no JSON', '/chat/completions', '{', 400, { type: 'invalid_request_error' }],
    ['not an object', '/completions', '[]', 400, { type: 'invalid_request_error' }],
    ['no messages', '/chat/completions', {}, 400, { param: 'messages' }],
    ['empty messages', '/chat/completions', { messages: [] }, 400, { param: 'messages' }],
    ['an unknown role', '/chat/completions', { messages: [{ role: 'poet', content: '' }] }, 400, { param: 'messages.0.role' }],
    ['a wrong type', '/chat/completions', chat('x', { max_tokens: '5' }), 400, { param: 'max_tokens' }],
    ['no tokens', '/completions', { prompt: 'x', max_tokens: 0 }, 400, { param: 'max_tokens' }],
    ['a negative temperature', '/completions', { prompt: 'x', temperature: -1 }, 400, { param: 'temperature' }],
    ['an empty stop', '/completions', { prompt: 'x', stop: '' }, 400, { param: 'stop' }],
    ['no choices', '/completions', { prompt: 'x', n: 0 }, 400, { param: 'n' }],
    ['minimum above maximum', '/completions', { prompt: 'x', min_tokens: 9, max_tokens: 8 }, 400, { param: 'min_tokens' }],
    ['an unknown token', '/completions', { prompt: [999_999] }, 400, { param: 'prompt' }],
    ['stream options without a stream', '/completions', { prompt: 'x', stream_options: {} }, 400, { param: 'stream_options' }],
    ['an unknown model', '/completions', { prompt: 'x', model: 'other' }, 404, { code: 'model_not_found' }],
    ['too much', '/completions', { prompt: 'x', max_tokens: CONTEXT }, 400, { code: 'context_length_exceeded' }],
    ['a prompt too long', '/chat/completions', chat('the '.repeat(CONTEXT)), 400, { code: 'context_length_exceeded' }],
    ['an unknown path', '/embeddings', {}, 404, { code: 'not_found' }],
  ]
  test.for(cases)('%s', async ([, path, body, status, error]) => {
    const response = await post(server, path, body)
    expect(response.status).toBe(status)
    expect(await response.json()).toEqual({ error: expect.objectContaining({ message: expect.any(String) as string, ...error }) as object })
  })

  test('just what the context holds is served', async () => {
    const answer = await json('/completions', { prompt: [1, 1, 1], max_tokens: 5, min_tokens: 5, ignore_eos: true })
    expect(answer.usage).toEqual({ prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 })
    const full = await json('/completions', { prompt: Array<number>(CONTEXT - 2).fill(300), max_tokens: 2, temperature: 0 })
    expect(full.usage!.total_tokens).toBe(CONTEXT)
  })

  test('a wrong method', async () => {
    const response = await fetch(`${server.baseURL}/chat/completions`)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })
})

test('health, version and models', async () => {
  expect(await (await fetch(server.baseURL.replace(/v1$/, 'version'))).json()).toEqual({ version: server.version })
  expect(await (await fetch(server.baseURL.replace(/v1$/, 'health'))).json()).toEqual({ status: 'ok' })
  expect(await (await fetch(`${server.baseURL}/models`)).json()).toMatchObject({
    object: 'list',
    data: [{ id: 'tiny-llama', object: 'model', max_model_len: CONTEXT }],
  })
  expect(server.model).toBe('tiny-llama')
})

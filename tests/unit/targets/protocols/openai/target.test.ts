import { afterEach, beforeEach, expect, test } from 'vitest'
import { openai } from '../../../../../src/dsl/targets.ts'
import { startClock } from '../../../../../src/metrics/clock.ts'
import { httpTarget } from '../../../../../src/targets/http-target.ts'
import { openaiProtocol } from '../../../../../src/targets/protocols/openai/protocol.ts'
import type { Target, TargetInfo } from '../../../../../src/targets/target.ts'
import { head, ProtocolServer, respond, respondJSON } from '../../../../contract/protocol-server.ts'

const clock = startClock()
const { signal } = new AbortController()
let server: ProtocolServer
let target: Target

beforeEach(async () => {
  server = await ProtocolServer.start(clock)
})

afterEach(async () => {
  await target.close()
  await server.idle()
  await server.close()
})

type Options = Omit<Parameters<typeof openai>[0], 'baseURL'>

function make(options: Options = {}, baseURL = `${server.url}/v1`): Target {
  target = httpTarget(openaiProtocol)(openai(options.baseURLs ? options : { baseURL, ...options }), { clock, onTokens: () => {} })
  return target
}

function prepare(options: Options = {}, baseURL?: string): Promise<TargetInfo> {
  return make(options, baseURL).prepare(signal)
}

const models = (...ids: string[]) => ({ object: 'list', data: ids.map((id) => ({ id, object: 'model', owned_by: 'vllm' })) })

/** A server with these documents by path, and 404 elsewhere. */
function serve(documents: Readonly<Record<string, unknown>>): void {
  server.play(({ path }) => (path in documents ? respondJSON(documents[path]) : respondJSON({ detail: 'Not Found' }, 404)))
}

test('the first model is taken where none is named, and the engine and its version are told', async () => {
  serve({ '/v1/models': models('a', 'b'), '/version': { version: '0.11.0' } })
  expect(await prepare()).toEqual({ model: 'a', version: 'vllm 0.11.0' })
  expect(server.requests.every(({ method }) => method === 'GET')).toBe(true)
})

test("llama.cpp's build is its version", async () => {
  serve({ '/v1/models': { data: [{ id: 'a', owned_by: 'llamacpp' }] }, '/props': { build_info: 'b6800-abc' } })
  expect((await prepare()).version).toBe('llamacpp b6800-abc')
})

test('the Server header stands in for a version, and having none is no failure', async () => {
  server.play(({ path }) =>
    path === '/v1/models'
      ? respond(200, { 'content-type': 'application/json', server: 'uvicorn' }, JSON.stringify(models('a')))
      : respond(404, {}, ''),
  )
  expect((await prepare()).version).toBe('uvicorn')
  await target.close()
  serve({ '/v1/models': models('a') })
  expect((await prepare()).version).toBeUndefined()
})

test.each([
  ['', '/v1/models'],
  ['/', '/v1/models'],
  ['/v1', '/v1/models'],
  ['/v1/', '/v1/models'],
  ['/prefix', '/prefix/v1/models'],
  ['/api/v3', '/api/v3/models'],
  ['/prefix//', '/prefix/v1/models'],
  ['/prefix/v1//', '/prefix/v1/models'],
  ['/v1?api-version=2', '/v1/models?api-version=2'],
])('base URL %j asks %j', async (base, path) => {
  serve({ [path]: models('a') })
  await prepare({}, server.url + base)
  expect(server.requests[0]!.path).toBe(path)
})

test('the named model is used where the server has it', async () => {
  serve({ '/v1/models': models('a', 'b') })
  expect((await prepare({ model: 'b' })).model).toBe('b')
})

test('a model that the server does not have is an error that names those it has', async () => {
  serve({ '/v1/models': models('a', 'b') })
  await expect(prepare({ model: 'c' })).rejects.toMatchObject({
    code: 'TARGET',
    message: `${server.url}/v1 has no model "c"; it has: "a", "b"`,
  })
})

test('without a list a named model is believed, and none named is an error', async () => {
  serve({})
  expect((await prepare({ model: 'c' })).model).toBe('c')
  await target.close()
  await expect(prepare()).rejects.toMatchObject({ code: 'TARGET', message: expect.stringContaining('name the `model`') as string })
})

test('a server that lists no model is believed where one is named, and an error where none is', async () => {
  serve({ '/v1/models': models() })
  expect((await prepare({ model: '/models/tiny' })).model).toBe('/models/tiny')
  await target.close()
  await expect(prepare()).rejects.toThrow('serves no model')
})

test.each([
  ['401 without a key', 401, {}, 'it wants an API key'],
  ['403 with a key', 403, { apiKey: 'sk-not-to-be-shown' }, 'the API key is not accepted'],
])('%s says so, and shows no key', async (_, status, options, said) => {
  server.play(({ headers }) => respondJSON({ error: { message: `refused: ${headers.authorization}` } }, status))
  const error = (await prepare(options).catch((error: unknown) => error)) as Error
  expect(error.message).toContain(`${server.url}/v1 answered HTTP ${status}`)
  expect(error.message).toContain(said)
  expect(error.message).not.toContain('not-to-be-shown')
})

test('every key is tried, each at the URL it will be used with', async () => {
  server.play(({ headers, path }) =>
    headers.authorization === 'Bearer good' && path === '/v1/models' ? respondJSON(models('a')) : respondJSON({ detail: 'no' }, 401),
  )
  await expect(prepare({ apiKeys: ['good', 'bad-key'] })).rejects.toThrow('not accepted')
})

test('an HTML page, and JSON of another kind, are no OpenAI API', async () => {
  server.play(respond(200, { 'content-type': 'text/html' }, '<html><title>nginx</title></html>'))
  await expect(prepare()).rejects.toThrow(`${server.url}/v1 is no OpenAI API: /models answered HTTP 200 with an HTML page, "nginx"`)
  await target.close()
  server.play(respondJSON({ hello: 'world' }))
  await expect(prepare()).rejects.toThrow('is no OpenAI API')
})

test('a document without end is given up', async () => {
  const write = 'x'.repeat(2 ** 20)
  server.play([{ write: head(200, { 'content-type': 'application/json' }) }, ...Array.from({ length: 5 }, () => ({ write })), 'hang'])
  await expect(prepare()).rejects.toThrow('is no OpenAI API: /models answered a document of more than 4 MiB')
})

test('a server that is not ready yet', async () => {
  server.play(respondJSON({ error: { message: 'Loading model' } }, 503))
  await expect(prepare()).rejects.toThrow('answered HTTP 503: Loading model; is the server ready?')
})

test('nobody listens: the URL is named without its secrets', async () => {
  const { url } = server
  await server.close()
  const error = (await prepare({}, `${url.replace('http://', 'http://me:hidden@')}/v1?token=hidden`).catch(
    (error: unknown) => error,
  )) as Error
  expect(error.message).toContain("can't be reached: connection refused")
  expect(error.message).not.toContain('hidden')
  server = await ProtocolServer.start(clock)
})

test('one URL of several that has another model is an error', async () => {
  const second = await ProtocolServer.start(clock)
  serve({ '/v1/models': models('a') })
  second.play(respondJSON(models('b')))
  await expect(prepare({ baseURLs: [server.url, second.url] })).rejects.toThrow(`${second.url} has no model "a"`)
  await target.close()
  await second.close()
})

test('cancelling while the server is asked', async () => {
  const controller = new AbortController()
  server.play(() => {
    controller.abort()
    return ['hang']
  })
  await expect(make().prepare(controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('a key or header that HTTP cannot carry is an error without its value', () => {
  const error = (() => {
    try {
      return make({ apiKey: 'sk-from-a-file\n' })
    } catch (error) {
      return error
    }
  })() as Error
  expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringContaining('the API key has characters') as string })
  expect(error.message).not.toContain('sk-from-a-file')
  expect(() => make({ headers: { Connection: 'close' } })).toThrow('the header `Connection` is set by the HTTP client')
  make()
})

test.each(['sk-~!#$%^&*()[]{}|;:",.<>/?', 'with spaces inside', 'k\u00e9y'])('the key %j is sent as it is', async (apiKey) => {
  serve({ '/v1/models': models('a') })
  await prepare({ apiKey })
  expect(server.requests[0]!.headers.authorization).toBe(`Bearer ${apiKey}`)
})

test('own headers replace ours, whatever their case', async () => {
  serve({ '/v1/models': models('a') })
  await prepare({ apiKey: 'sk-1', headers: { Authorization: 'Token t', 'x-team': 'infra' } })
  expect(server.requests[0]!.headers).toMatchObject({ authorization: 'Token t', 'x-team': 'infra' })
})

test('texts that nobody asked for are dropped as they come once the server has counted an answer, until it does not', async () => {
  let counting = true
  server.play(() => {
    const usage = counting ? { usage: { prompt_tokens: 1, completion_tokens: 1 } } : {}
    const event = { choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: 'stop' }], ...usage }
    return respond(200, { 'content-type': 'text/event-stream' }, `data: ${JSON.stringify(event)}\n\n`)
  })
  make({ model: 'm' })
  expect([await sentText(true), await sentText()]).toEqual(['Hello', ''])
  // The one that comes as a surprise is lost to counting, and is then counted by its chunks; the next is not.
  counting = false
  expect([await sentText(), await sentText()]).toEqual(['', 'Hello'])
  counting = true
  expect([await sentText(), await sentText(true)]).toEqual(['', 'Hello'])
})

test('extraBody is laid over the body, within its objects too', async () => {
  server.play(respondJSON({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] }))
  make({ model: 'm', extraBody: { temperature: 1, metadata: { training: true }, stream_options: { continuous_usage_stats: true } } })
  await target.send({ messages: [], maxTokens: 1, n: 1, temperature: 0.7, stream: true, keepText: true }, signal)
  expect(JSON.parse(server.requests[0]!.body)).toMatchObject({
    temperature: 1,
    metadata: { training: true },
    stream_options: { include_usage: true, continuous_usage_stats: true },
  })
})

async function sentText(keepText = false): Promise<string> {
  const answer = await target.send({ messages: [], maxTokens: 1, n: 1, stream: true, keepText }, signal)
  expect(answer.error).toBeUndefined()
  expect(answer.choices[0]!.chunks).toBe(1)
  return answer.choices[0]!.text
}

// What each target asks its server before the load: nothing that generates, and errors that say what is wrong.
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as native from '../../../../src/dsl/native-targets.ts'
import type { LiveTargetSpec } from '../../../../src/dsl/targets.ts'
import { startClock } from '../../../../src/metrics/clock.ts'
import { createTarget } from '../../../../src/targets/create-target.ts'
import type { Target, TargetInfo } from '../../../../src/targets/target.ts'
import { ProtocolServer, respond, respondJSON } from '../../../contract/protocol-server.ts'

const clock = startClock()
const { signal } = new AbortController()
let server: ProtocolServer
let target: Target | undefined

beforeEach(async () => {
  server = await ProtocolServer.start(clock)
})

afterEach(async () => {
  await target?.close()
  await server.idle()
  await server.close()
})

async function prepare(spec: LiveTargetSpec): Promise<TargetInfo> {
  target = await createTarget(spec, { clock, onTokens: () => {} })
  return target.prepare(signal)
}

/** A server with these documents by path, and 404 elsewhere. */
function serve(documents: Readonly<Record<string, unknown>>): void {
  server.play(({ path }) => (path in documents ? respondJSON(documents[path]) : respondJSON({ detail: 'Not Found' }, 404)))
}

const models = { data: [{ id: 'm', owned_by: 'lmdeploy' }] }
type Make = (options: { baseURL: string; model?: string; apiKey?: string }) => LiveTargetSpec

test.each<[string, Make, Record<string, unknown>, TargetInfo]>([
  ['fastdeploy', native.fastdeploy, { '/v1/models': models, '/version': { version: '2.3' } }, { model: 'm', version: 'lmdeploy 2.3' }],
  ['lightllm', native.lightllm, { '/get_model_name': { model_name: 'm' } }, { model: 'm' }],
  ['lightllm of another day', native.lightllm, {}, {}],
  ['amsv2', native.amsv2, {}, {}],
  [
    'sglang',
    native.sglang,
    { '/get_model_info': { model_path: 'm' }, '/get_server_info': { version: '0.5.9', stream_output: false } },
    { model: 'm', version: 'SGLang 0.5.9' },
  ],
  [
    'sglang whose seeds have no effect',
    native.sglang,
    { '/get_model_info': { model_path: 'm' }, '/get_server_info': { enable_deterministic_inference: false } },
    { model: 'm', noSeed: 'SGLang heeds no seed without --enable-deterministic-inference' },
  ],
  ['sglang of another day', native.sglang, { '/model_info': { model_path: 'm' } }, { model: 'm' }],
  ['lmdeploy', native.lmdeploy, { '/v1/models': models }, { model: 'm' }],
  ['tgi', native.tgi, { '/info': { model_id: 'm', version: '3.3.5' } }, { model: 'm', version: 'TGI 3.3.5' }],
  [
    'triton',
    native.triton,
    { '/v2/models/ensemble': { name: 'ensemble' }, '/v2': { name: 'triton', version: '2.60.0' } },
    { model: 'ensemble', version: 'Triton 2.60.0' },
  ],
  ['llamacpp', native.llamacpp, { '/props': { model_path: 'm', build_info: 'b7000-a' } }, { model: 'm', version: 'llama.cpp b7000-a' }],
  [
    'ollama',
    native.ollama,
    { '/api/tags': { models: [{ name: 'm' }] }, '/api/version': { version: '0.13.0' } },
    { model: 'm', version: 'Ollama 0.13.0' },
  ],
])('%s tells its model and version, and is not made to generate', async (_, make, documents, info) => {
  serve(documents)
  expect(await prepare(make({ baseURL: server.url }))).toEqual({ model: undefined, version: undefined, ...info })
  expect(server.requests.every(({ method, path }) => method === 'GET' && !path.includes('health_generate') && path !== '/health')).toBe(
    true,
  )
})

test.each<[string, Make]>([
  ['lightllm', native.lightllm],
  ['amsv2', native.amsv2],
  ['sglang', native.sglang],
  ['lmdeploy', native.lmdeploy],
  ['tgi', native.tgi],
  ['triton', native.triton],
  ['llamacpp', native.llamacpp],
  ['ollama', native.ollama],
])('%s: a refused key and a server that is not there are errors with the way out', async (_, make) => {
  server.play(respondJSON({ error: 'no key' }, 401))
  await expect(prepare(make({ baseURL: server.url, apiKey: 'wrong' }))).rejects.toMatchObject({
    code: 'TARGET',
    message: expect.stringContaining('the API key is not accepted') as string,
  })
  const { url } = server
  await target!.close()
  await server.close()
  await expect(prepare(make({ baseURL: url }))).rejects.toThrow("can't be reached: connection refused")
  server = await ProtocolServer.start(clock)
})

test('a base URL with the /v1 of the OpenAI API beside it is understood', async () => {
  serve({ '/prefix/info': { model_id: 'm' } })
  expect((await prepare(native.tgi({ baseURL: `${server.url}/prefix/v1` }))).model).toBe('m')
})

test('a page of HTML is no server for the target', async () => {
  server.play(respond(200, { 'content-type': 'text/html' }, '<html><title>nginx</title></html>'))
  await expect(prepare(native.tgi({ baseURL: server.url }))).rejects.toThrow(
    `${server.url} is no server for tgi(): /info answered HTTP 200 with an HTML page, "nginx"`,
  )
})

test('sglang that streams pieces is refused: their texts would be taken for the whole so far', async () => {
  serve({ '/get_model_info': { model_path: 'm' }, '/get_server_info': { stream_output: true } })
  await expect(prepare(native.sglang({ baseURL: server.url }))).rejects.toThrow('start it without that flag, or use openai()')
})

test('a model that Triton has not loaded', async () => {
  server.play(respondJSON({ error: "Request for unknown model: 'other' is not found" }, 400))
  await expect(prepare(native.triton({ baseURL: server.url, model: 'other' }))).rejects.toThrow("unknown model: 'other'")
})

test('a model that ollama does not have, by its name or as the latest of it', async () => {
  serve({ '/api/tags': { models: [{ name: 'a:latest' }, { name: 'b:7b' }] } })
  expect((await prepare(native.ollama({ baseURL: server.url, model: 'a' }))).model).toBe('a')
  await target!.close()
  await expect(prepare(native.ollama({ baseURL: server.url, model: 'b' }))).rejects.toThrow('has no model "b"; it has: "a:latest", "b:7b"')
})

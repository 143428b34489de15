// What each protocol makes of a request: fields as its backend has them, and nothing that was not asked for.
import { expect, test } from 'vitest'
import * as native from '../../../../src/dsl/native-targets.ts'
import type { HttpProtocol } from '../../../../src/targets/http-protocol.ts'
import { amsv2Protocol } from '../../../../src/targets/protocols/amsv2.ts'
import { fastdeployProtocol } from '../../../../src/targets/protocols/fastdeploy.ts'
import { lightllmProtocol } from '../../../../src/targets/protocols/lightllm.ts'
import { llamacppProtocol } from '../../../../src/targets/protocols/llamacpp.ts'
import { lmdeployProtocol } from '../../../../src/targets/protocols/lmdeploy.ts'
import { ollamaProtocol } from '../../../../src/targets/protocols/ollama.ts'
import { sglangProtocol } from '../../../../src/targets/protocols/sglang.ts'
import { tgiProtocol } from '../../../../src/targets/protocols/tgi.ts'
import { tritonProtocol } from '../../../../src/targets/protocols/triton.ts'
import type { GenerateRequest } from '../../../../src/targets/target.ts'

const baseURL = 'http://127.0.0.1:1'
const bare: GenerateRequest = { messages: [{ role: 'user', content: 'Hi' }], maxTokens: 8, n: 1, stream: true, keepText: false }
const full: Partial<GenerateRequest> = { minTokens: 8, ignoreEos: true, temperature: 0.7, topP: 0.9, topK: 20, seed: 3 }

/** A request as it is sent, what is undefined being left out. */
function sent<Spec extends native.NativeTargetSpec>(protocol: HttpProtocol<Spec>, spec: Spec, more: Partial<GenerateRequest>): unknown {
  const { path, body } = protocol.request({ ...bare, ...more }, spec, 'm')
  return [path, JSON.parse(JSON.stringify(body))]
}

type Ask = (more?: Partial<GenerateRequest>) => unknown
const ask: Readonly<Record<string, Ask>> = {
  fastdeploy: (more = {}) => sent(fastdeployProtocol, native.fastdeploy({ baseURL, training: true }), more),
  lightllm: (more = {}) => sent(lightllmProtocol, native.lightllm({ baseURL }), more),
  amsv2: (more = {}) => sent(amsv2Protocol, native.amsv2({ baseURL }), more),
  sglang: (more = {}) => sent(sglangProtocol, native.sglang({ baseURL }), more),
  lmdeploy: (more = {}) => sent(lmdeployProtocol, native.lmdeploy({ baseURL }), more),
  tgi: (more = {}) => sent(tgiProtocol, native.tgi({ baseURL }), more),
  triton: (more = {}) => sent(tritonProtocol, native.triton({ baseURL }), more),
  llamacpp: (more = {}) => sent(llamacppProtocol, native.llamacpp({ baseURL }), more),
  ollama: (more = {}) => sent(ollamaProtocol, native.ollama({ baseURL }), more),
  'ollama generate': (more = {}) => sent(ollamaProtocol, native.ollama({ baseURL, api: 'generate' }), more),
}

const samplingOfTGI = { do_sample: true, temperature: 0.7, top_p: 0.9, top_k: 20 }
const lightllmFull = { max_new_tokens: 8, min_new_tokens: 8, ignore_eos: true, ...samplingOfTGI }
const openaiFull = { max_tokens: 8, min_tokens: 8, temperature: 0.7, top_p: 0.9, top_k: 20, seed: 3 }

test.each<[string, string, unknown]>([
  ['fastdeploy', '/chat/completions', expect.objectContaining({ ...openaiFull, model: 'm', metadata: { training: true }, stream: true })],
  ['lightllm', '/generate_stream', { inputs: 'Hi', parameters: lightllmFull }],
  ['amsv2', '/text-generation/generate_stream', { inputs: 'Hi', parameters: lightllmFull }],
  [
    'sglang',
    '/generate',
    {
      text: 'Hi',
      sampling_params: {
        max_new_tokens: 8,
        min_new_tokens: 8,
        ignore_eos: true,
        temperature: 0.7,
        top_p: 0.9,
        top_k: 20,
        sampling_seed: 3,
      },
      stream: true,
    },
  ],
  ['lmdeploy', '/generate', { prompt: 'Hi', max_tokens: 8, ignore_eos: true, temperature: 0.7, top_p: 0.9, top_k: 20, stream: true }],
  ['tgi', '/generate_stream', { inputs: 'Hi', parameters: { max_new_tokens: 8, ...samplingOfTGI, seed: 3, details: true } }],
  [
    'triton',
    '/v2/models/ensemble/generate_stream',
    {
      text_input: 'Hi',
      max_tokens: 8,
      min_length: 8,
      end_id: -1,
      bad_words: '',
      stop_words: '',
      temperature: 0.7,
      top_p: 0.9,
      top_k: 20,
      random_seed: 3,
      stream: true,
    },
  ],
  [
    'llamacpp',
    '/completion',
    {
      prompt: 'Hi',
      n_predict: 8,
      ignore_eos: true,
      temperature: 0.7,
      top_p: 0.9,
      top_k: 20,
      seed: 3,
      cache_prompt: false,
      stream: true,
    },
  ],
  [
    'ollama',
    '/api/chat',
    {
      model: 'm',
      messages: bare.messages,
      stream: true,
      options: { num_predict: 8, temperature: 0.7, top_p: 0.9, top_k: 20, seed: 3 },
    },
  ],
  [
    'ollama generate',
    '/api/generate',
    { model: 'm', prompt: 'Hi', stream: true, options: { num_predict: 8, temperature: 0.7, top_p: 0.9, top_k: 20, seed: 3 } },
  ],
])('%s has a field for all that it carries', (name, path, body) => {
  expect(ask[name]!(full)).toEqual([path, body])
})

test.each<[string, unknown]>([
  ['lightllm', { inputs: 'Hi', parameters: { max_new_tokens: 8 } }],
  ['amsv2', { inputs: 'Hi', parameters: { max_new_tokens: 8 } }],
  ['sglang', { text: 'Hi', sampling_params: { max_new_tokens: 8 }, stream: true }],
  ['lmdeploy', { prompt: 'Hi', max_tokens: 8, stream: true }],
  ['tgi', { inputs: 'Hi', parameters: { max_new_tokens: 8, details: true } }],
  ['triton', { text_input: 'Hi', max_tokens: 8, bad_words: '', stop_words: '', stream: true }],
  ['llamacpp', { prompt: 'Hi', n_predict: 8, cache_prompt: false, stream: true }],
  ['ollama', { model: 'm', messages: bare.messages, stream: true, options: { num_predict: 8 } }],
])('%s: what was not asked for is not sent', (name, body) => {
  expect(ask[name]!()).toEqual([expect.any(String), body])
})

test.each<[string, object]>([
  ['fastdeploy', { temperature: 0 }],
  ['lightllm', { parameters: { max_new_tokens: 8, do_sample: false } }],
  ['amsv2', { parameters: { max_new_tokens: 8, do_sample: false } }],
  ['sglang', { sampling_params: { max_new_tokens: 8, temperature: 0 } }],
  ['lmdeploy', { temperature: 0 }],
  ['tgi', { parameters: { max_new_tokens: 8, do_sample: false, details: true } }],
  ['triton', { top_k: 1 }],
  ['llamacpp', { temperature: 0 }],
  ['ollama', { options: { num_predict: 8, temperature: 0 } }],
])('%s: greedy decoding, whichever way it is asked for', (name, greedy) => {
  expect(ask[name]!({ temperature: 0 })).toEqual([expect.any(String), expect.objectContaining(greedy)])
  expect(ask[name]!({ doSample: false })).toEqual([expect.any(String), expect.objectContaining(greedy)])
})

test.each<[string, object]>([
  ['lightllm', { parameters: { max_new_tokens: 8, do_sample: true, top_k: -1, top_p: 1 } }],
  ['amsv2', { parameters: { max_new_tokens: 8, do_sample: true, top_k: -1, top_p: 1 } }],
  ['sglang', { sampling_params: { max_new_tokens: 8, top_k: -1, top_p: 1 } }],
  ['lmdeploy', { top_k: 0, top_p: 1 }],
  ['tgi', { parameters: { max_new_tokens: 8, do_sample: true, details: true } }],
  ['triton', { top_k: 0, top_p: 1 }],
  ['llamacpp', { top_k: 0, top_p: 1 }],
])('%s: all tokens to choose from, as its server says that', (name, all) => {
  expect(ask[name]!({ topK: 0, topP: 1 })).toEqual([expect.any(String), expect.objectContaining(all)])
})

test.each([
  ['lightllm', '/generate'],
  ['amsv2', '/text-generation/generate'],
  ['tgi', '/generate'],
  ['triton', '/v2/models/ensemble/generate'],
])('%s has another path for answers in one piece', (name, path) => {
  expect(ask[name]!({ stream: false })).toEqual([path, expect.any(Object)])
})

test('a system prompt stands before the text of a plain prompt', () => {
  const messages = [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Hi' },
  ] as const
  expect(ask['sglang']!({ messages })).toEqual(['/generate', expect.objectContaining({ text: 'Be kind.\nHi' })])
})

import { expect, test } from 'vitest'
import { openai } from '../../../../../src/dsl/targets.ts'
import { requestOpenAI } from '../../../../../src/targets/protocols/openai/request.ts'
import type { GenerateRequest } from '../../../../../src/targets/target.ts'

const bare: GenerateRequest = { messages: [{ role: 'user', content: 'Hi' }], maxTokens: 8, n: 1, stream: true, keepText: false }
const baseURL = 'http://127.0.0.1:1'
const body = (more: Partial<GenerateRequest> = {}, options: Partial<Parameters<typeof openai>[0]> = {}) =>
  JSON.parse(JSON.stringify(requestOpenAI({ ...bare, ...more }, openai({ baseURL, ...options }), 'm').body)) as unknown

test('what was not asked for is not sent', () => {
  expect(body()).toEqual({
    model: 'm',
    messages: [{ role: 'user', content: 'Hi' }],
    max_tokens: 8,
    stream: true,
    stream_options: { include_usage: true },
  })
})

test('usage is asked for only in a stream, where it would not come by itself', () => {
  expect(body({ stream: false })).toEqual({ model: 'm', messages: bare.messages, max_tokens: 8, stream: false })
})

test('every sampling option has its field', () => {
  expect(body({ minTokens: 8, ignoreEos: true, temperature: 0.7, topP: 0.9, topK: 20, seed: 3, n: 4 })).toMatchObject({
    min_tokens: 8,
    ignore_eos: true,
    temperature: 0.7,
    top_p: 0.9,
    top_k: 20,
    seed: 3,
    n: 4,
  })
})

test('sampling turned off is temperature 0', () => {
  expect(body({ doSample: false, temperature: 0.7 })).toMatchObject({ temperature: 0 })
})

test('a plain completion has the messages as its prompt', () => {
  expect(body({}, { endpoint: 'completions' })).toMatchObject({ prompt: 'Hi' })
  const messages = [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Hi' },
  ] as const
  const completion = body({ messages }, { endpoint: 'completions' })
  expect(completion).toMatchObject({ prompt: 'Be kind.\nHi' })
  expect(completion).not.toHaveProperty('messages')
})

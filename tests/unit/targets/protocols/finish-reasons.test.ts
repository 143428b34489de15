import { expect, test } from 'vitest'
import { finishReason } from '../../../../src/targets/finish-reason.ts'
import { AnswerBuilder } from '../../../../src/targets/answer.ts'
import type { Decode } from '../../../../src/targets/http-protocol.ts'
import { lightllmProtocol } from '../../../../src/targets/protocols/lightllm.ts'
import { llamacppProtocol } from '../../../../src/targets/protocols/llamacpp.ts'
import { sglangProtocol } from '../../../../src/targets/protocols/sglang.ts'
import { tgiProtocol } from '../../../../src/targets/protocols/tgi.ts'

test.each([
  ['eos_token', 'stop'],
  ['stop_sequence', 'stop'],
  ['limit', 'length'],
  ['length', 'length'],
  ['content_filter', 'content_filter'],
  ['load', 'load'],
  [null, 'unknown'],
  ['', 'unknown'],
])('%j is called %s', (said, reason) => {
  expect(finishReason(said)).toBe(reason)
})

/** The answer that one event makes. */
function answerTo(decode: Decode, event: object) {
  const builder = new AnswerBuilder(1, true)
  builder.beginChunk(1)
  decode(JSON.stringify(event), builder)
  return builder.build({ endNs: 1 }, '', true)
}

test.each([
  [{ stopped_limit: true, stopped_eos: false }, 'length'],
  [{ stopped_eos: true, stopped_limit: false }, 'stop'],
  [{}, 'unknown'],
])('llama.cpp before it had `stop_type`: %j', (more, reason) => {
  const { choices } = answerTo(llamacppProtocol.decode, { content: 'a', stop: true, ...more })
  expect(choices[0]!.finishReason).toBe(reason)
})

test('LightLLM before it had `finish_reason`: the answer is over all the same', () => {
  const { error, choices, usage } = answerTo(lightllmProtocol.decode, { token: { text: 'a', count_output_tokens: 1 }, finished: true })
  expect(error).toBeUndefined()
  expect(choices[0]!.finishReason).toBe('unknown')
  expect(usage).toEqual({ promptTokens: 0, outputTokens: 1 })
})

test('an answer that SGLang gave up is a failure, with its message', () => {
  const event = { text: 'a', meta_info: { finish_reason: { type: 'abort', message: 'Input is too long' } } }
  expect(answerTo(sglangProtocol.decode, event).error).toEqual({ kind: 'server', message: 'Input is too long' })
})

test("TGI's end of the sequence is no text", () => {
  const event = {
    token: { id: 2, text: '</s>', logprob: 0, special: true },
    generated_text: '',
    details: { finish_reason: 'eos_token', generated_tokens: 1 },
  }
  expect(answerTo(tgiProtocol.decode, event).choices[0]).toMatchObject({ chunks: 0, finishReason: 'stop' })
})

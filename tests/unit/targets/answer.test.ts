import { expect, test } from 'vitest'
import { AnswerBuilder } from '../../../src/targets/answer.ts'
import type { Failure } from '../../../src/targets/wire/failure.ts'

const exchange = (failure?: Failure) => ({ sentNs: 0, lastReadNs: 9e6, endNs: 10e6, failure })

test('several parts of one choice in one chunk are one chunk', () => {
  const builder = new AnswerBuilder(1, true)
  builder.beginChunk(1e6)
  builder.token(0, 'a', 'answer')
  builder.token(0, 'b', 'answer')
  builder.beginChunk(3e6)
  builder.token(0, 'c', 'answer')
  builder.finish(0, 'stop')
  const { choices, error } = builder.build(exchange(), 'x', true)
  expect(error).toBeUndefined()
  expect(choices[0]).toMatchObject({ chunks: 2, gapsMs: Float32Array.of(2), firstTokenNs: 1e6, lastTokenNs: 3e6, text: 'abc' })
  expect(builder.tokenChunks).toBe(2)
})

test('reasoning comes before the answer in the text, however they came', () => {
  const builder = new AnswerBuilder(1, true)
  builder.beginChunk(1e6)
  builder.token(0, 'answer', 'answer')
  builder.beginChunk(2e6)
  builder.token(0, 'reason ', 'reasoning')
  builder.finish(0, 'stop')
  expect(builder.build(exchange(), 'x', true).choices[0]).toMatchObject({ text: 'reason answer', reasoningLength: 7 })
})

test.each([
  ['nothing', undefined, 'a'],
  ['no token of an answer with tokens', 0, 'a'],
  ['its tokens', 1, ''],
])('text is kept where it must be counted: the server counts %s', (_, counted, text) => {
  const builder = new AnswerBuilder(1, true)
  builder.beginChunk(1e6)
  builder.token(0, 'a', 'answer')
  builder.finish(0, 'stop')
  if (counted !== undefined) builder.usage(5, counted)
  expect(builder.build(exchange(), 'x', false).choices[0]!.text).toBe(text)
})

test('the last of the cumulative counts is the count', () => {
  const builder = new AnswerBuilder(1, true)
  for (const count of [1, 2, 3]) builder.usage(5, count)
  expect(builder.build(exchange(), 'x', true).usage).toEqual({ promptTokens: 5, outputTokens: 3 })
})

test('tokens that the server counts but never shows have no time: the answer is empty, and says why', () => {
  const builder = new AnswerBuilder(1, true)
  builder.finish(0, 'length')
  builder.usage(5, 3)
  expect(builder.build(exchange(), 'x', true).error).toEqual({
    kind: 'empty',
    message: 'the answer finished without text, though the server counts 3 tokens',
  })
})

test('without a stream their count is enough', () => {
  const builder = new AnswerBuilder(1, false)
  builder.finish(0, 'length')
  builder.usage(5, 3)
  const { choices, error } = builder.build(exchange(), 'x', true)
  expect(error).toBeUndefined()
  expect(choices[0]).toMatchObject({ chunks: 0, lastTokenNs: 9e6 })
})

test.each(['abort', 'error'])('an answer that the server finishes with %j is a failure', (reason) => {
  const builder = new AnswerBuilder(1, true)
  builder.beginChunk(1e6)
  builder.token(0, 'a', 'answer')
  builder.finish(0, reason)
  expect(builder.build(exchange(), 'x', true).error!.kind).toBe('server')
})

test("the server's own first error is the cause, not what follows from it", () => {
  const builder = new AnswerBuilder(1, true)
  builder.serverError('out of memory')
  builder.serverError('engine dead')
  expect(builder.build(exchange({ kind: 'reset', message: 'closed' }), 'x', true).error).toEqual({
    kind: 'server',
    message: 'out of memory',
  })
})

test('one answer of several that goes on is truncated; one that never began is missing', () => {
  const builder = new AnswerBuilder(2, true)
  builder.beginChunk(1e6)
  builder.token(0, 'a', 'answer')
  builder.finish(0, 'stop')
  expect(builder.build(exchange(), 'x', true).error!.kind).toBe('protocol')
  builder.token(1, 'b', 'answer')
  expect(builder.build(exchange(), 'x', true).error!.kind).toBe('truncated')
})

test('a choice beyond those asked for is refused', () => {
  expect(() => new AnswerBuilder(1, true).token(1, 'a', 'answer')).toThrow(expect.objectContaining({ kind: 'protocol' }))
})

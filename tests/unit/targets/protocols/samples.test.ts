import { expect, test } from 'vitest'
import { AnswerBuilder } from '../../../../src/targets/answer.ts'
import { ChunkShapes } from '../../../../src/targets/chunk-shapes.ts'
import { StreamReader } from '../../../../src/targets/readers.ts'
import { PROTOCOLS } from './all.ts'

test.each(PROTOCOLS)('the sample answer of $call is a whole one', ({ tellsFinish, sampleAnswer, ...form }) => {
  const answer = new AnswerBuilder(1, true, true, tellsFinish)
  const reader = new StreamReader(form, new ChunkShapes(form), answer, () => {})
  const bytes = Buffer.from(sampleAnswer)
  reader.read(bytes, 0, bytes.length, 1)
  reader.end()
  const { error, choices } = answer.build({ endNs: 1 }, '', true)
  expect(error).toBeUndefined()
  expect(choices[0]!.chunks).toBeGreaterThanOrEqual(4)
  expect(choices[0]).toMatchObject({ text: expect.stringMatching(/^Hello there, you/) as string })
})

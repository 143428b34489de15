import { expect, test } from 'vitest'
import { rowsOf } from '../../../src/load/answer-rows.ts'
import type { Call } from '../../../src/load/answer-rows.ts'
import type { Answer } from '../../../src/targets/target.ts'

test('several answers to one request have opened one connection', () => {
  const call: Call = { promptIndex: 0, messages: [], length: { maxTokens: 1 }, seed: 0, scheduledNs: 0, n: 3 }
  const choice = { firstTokenNs: 1, firstAnswerNs: 1, lastTokenNs: 1, chunks: 1, gapsMs: [], finishReason: 'stop', text: '' }
  const answer = { address: '', sentNs: 0, endNs: 2, connectNs: 5, choices: [choice, choice, choice] } as unknown as Answer
  expect(rowsOf(call, answer).map(({ connectNs }) => connectNs)).toEqual([5, undefined, undefined])
})

import { expect, test } from 'vitest'
import { loadTokenizer } from '../../../src/datasets/load-tokenizer.ts'
import { failureOf, load } from './files.ts'

const bundled = await loadTokenizer(undefined, '/')
const tokenizer = () => Promise.resolve(bundled)

test('the built-in conversations are short, and carry short answers', async () => {
  const { rows, name, notes } = await load({ kind: 'builtin', name: 'conversations' }, '/', { tokenizer })
  expect([name, notes]).toEqual(['built-in conversations', []])
  expect(rows).toHaveLength(64)
  expect(new Set(rows.map((row) => row.userTurns[0])).size).toBe(64)
  expect(rows.every((row) => row.promptTokens! >= 10 && row.promptTokens! <= 60)).toBe(true)
  expect(rows.every((row) => row.outputTokens![0]! >= 8 && row.outputTokens![0]! <= 24)).toBe(true)
})

test('the built-in conversations have two turns each', async () => {
  const { rows } = await load({ kind: 'builtin', name: 'conversations' }, '/', { tokenizer, turns: 2 })
  expect(rows).toHaveLength(64)
  expect(rows.every((row) => row.userTurns.length === 2 && row.outputTokens!.length === 2)).toBe(true)
  expect(await failureOf(load({ kind: 'builtin', name: 'conversations' }, '/', { tokenizer, turns: 3 }))).toMatch(/fewer than 6 messages/)
})

test('the built-in questions need no tokenizer', async () => {
  const { rows, name } = await load({ kind: 'builtin', name: 'questions' }, '/', {
    tokenizer: () => Promise.reject(new Error('not needed')),
  })
  expect(name).toBe('built-in questions')
  expect(rows).toHaveLength(16)
  expect(rows.every((row) => row.outputTokens === undefined && row.userTurns[0]!.endsWith('?'))).toBe(true)
})

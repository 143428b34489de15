import { expect, test } from 'vitest'
import { gsm8k, jsonl } from '../../../src/dsl/datasets.ts'
import { failureOf, folderOf, hasSharedData, load, prompts, SHARED_DATA } from './files.ts'

const file = (...lines: unknown[]): string =>
  folderOf({ 'a.jsonl': lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n') })

test('the field is the first of the usual ones that the first line has', async () => {
  const dataset = await load(jsonl('a.jsonl'), file({ id: 1, text: 'no', question: 'a' }, { question: 'b' }))
  expect(dataset.name).toBe('jsonl a.jsonl (question)')
  expect(prompts(dataset)).toEqual(['a', 'b'])
})

test('a field may be named', async () => {
  expect(prompts(await load(jsonl('a.jsonl', { field: 'text' }), file({ question: 'a', text: 'b' })))).toEqual(['b'])
})

test('a list of messages is a conversation, whose last answer is no part of the prompt', async () => {
  const messages = [
    { role: 'system', content: 's' },
    { role: 'user', content: 'a' },
    { role: 'assistant', content: 'b' },
  ]
  const { rows } = await load(jsonl('a.jsonl'), file({ messages }))
  expect(rows).toEqual([{ messages: messages.slice(0, 2), userTurns: ['a'] }])
})

test('blank lines, CRLF, a byte order mark and U+2028 inside a text are no trouble', async () => {
  const root = folderOf({ 'a.jsonl': '\uFEFF{"prompt":"a"}\r\n\r\n  \n{"prompt":"b\u2028c ü😀"}\r\n' })
  expect(prompts(await load(jsonl('a.jsonl'), root))).toEqual(['a', 'b\u2028c ü😀'])
})

test('lines longer than a read and characters split between reads are whole', async () => {
  const long = '😀ü'.repeat(400_000)
  expect(prompts(await load(jsonl('a.jsonl'), file({ prompt: long }, { prompt: 'x' }, { prompt: long })))).toEqual([long, 'x', long])
})

test('a limit reads no line beyond it', async () => {
  const root = file({ prompt: 'a' }, { prompt: 'b' }, 'oops')
  expect(prompts(await load(jsonl('a.jsonl'), root, { limit: 2 }))).toEqual(['a', 'b'])
  expect(await failureOf(load(jsonl('a.jsonl'), file({ prompt: 'a' }), { limit: 2 }))).toMatch(
    /`limit: 2` is beyond the 1 rows of dataset jsonl a\.jsonl \(prompt\)/,
  )
})

test.for<[string, unknown[], RegExp]>([
  ['no JSON', [{ prompt: 'a' }, '', '{"prompt": "b"'], /a\.jsonl:3 is not JSON: /],
  ['no object', [{ prompt: 'a' }, '["b"]'], /a\.jsonl:2 is a list: expected a JSON object/],
  ['null', [{ prompt: null }], /a\.jsonl:1: `prompt` is null/],
  ['empty', [{ prompt: '' }], /a\.jsonl:1: `prompt` is empty/],
  ['a number', [{ prompt: 5 }], /a\.jsonl:1: `prompt` is a number: expected a text or a list/],
  [
    'without the field',
    [{ prompt: 'a' }, { question: 'b', id: 1 }],
    /a\.jsonl:2 has no field `prompt`; it has: question, id\. Name one: jsonl\(path, \{ field \}\)/,
  ],
  ['without a usual field', [{ a: 'a', b: 1 }], /a\.jsonl:1 has none of the usual fields \(prompt, question, .*\); it has: a, b\./],
  ['a bad message', [{ messages: ['a'] }], /a\.jsonl:1: `messages`, message 0 is a text: expected a chat message/],
])('a line that is %s is named', async ([, lines, message]) => {
  expect(await failureOf(load(jsonl('a.jsonl'), file(...lines)))).toMatch(message)
})

test('a file that is no text is refused', async () => {
  expect(await failureOf(load(jsonl('a.jsonl'), folderOf({ 'a.jsonl': Uint8Array.of(0x7b, 0xff, 0xfe) })))).toMatch(
    /a\.jsonl:1 is not UTF-8 text/,
  )
  expect(await failureOf(load(jsonl('a.jsonl'), folderOf({ 'a.jsonl': '\n \n' })))).toBe('dataset jsonl a.jsonl has no rows')
})

test.skipIf(!hasSharedData)('GSM8K in its JSON Lines form gives its questions', async () => {
  const { rows } = await load(gsm8k('gsm8k-test.jsonl'), SHARED_DATA)
  expect(rows).toHaveLength(1319)
  expect(rows[1]!.userTurns[0]).toBe(
    'A robe takes 2 bolts of blue fiber and half that much white fiber.  How many bolts in total does it take?',
  )
})

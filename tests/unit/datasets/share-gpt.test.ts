import { expect, test } from 'vitest'
import { loadTokenizer } from '../../../src/datasets/load-tokenizer.ts'
import { createRandom } from '../../../src/datasets/sampling.ts'
import { shareGPT } from '../../../src/dsl/datasets.ts'
import { failureOf, folderOf, hasSharedData, load, prompts, SHARED_DATA } from './files.ts'

type Message = [from: string, value: string]
const talk = (...messages: Message[]) => ({ id: 'x', conversations: messages.map(([from, value]) => ({ from, value })) })
const file = (...conversations: unknown[]): string => folderOf({ 'talks.json': JSON.stringify(conversations, undefined, 1) })
const inOrder = { minTokens: 1, shuffle: false }
const many = Array.from({ length: 50 }, (_, i) => talk(['human', `question number ${i} please`], ['gpt', `answer number ${i} indeed`]))

test('the prompt is the first message, the expected length that of the answer', async () => {
  const { rows, name, notes } = await load(
    shareGPT('talks.json', inOrder),
    file(talk(['human', 'How are you?'], ['gpt', 'Fine'], ['human', 'Good'], ['gpt', 'x y'])),
  )
  expect(rows).toEqual([
    { messages: [{ role: 'user', content: 'How are you?' }], userTurns: ['How are you?'], outputTokens: [1], promptTokens: 3 },
  ])
  expect([name, notes]).toEqual(['sharegpt talks.json', []])
})

test('several turns carry the answers between them and one expected length a turn', async () => {
  const root = file(
    talk(['user', 'a b'], ['chatgpt', 'c'], ['user', 'd'], ['bing', 'e f g'], ['user', 'h'], ['gpt', 'i']),
    talk(['human', 'a'], ['gpt', 'b']),
  )
  const { rows, notes } = await load(shareGPT('talks.json', { ...inOrder, turns: 2 }), root)
  expect(rows).toEqual([
    {
      messages: [
        { role: 'user', content: 'a b' },
        { role: 'assistant', content: 'c' },
        { role: 'user', content: 'd' },
      ],
      userTurns: ['a b', 'd'],
      outputTokens: [1, 3],
      promptTokens: 4,
    },
  ])
  expect(notes).toEqual(['1 of 2 conversations left out for having fewer than 4 messages'])
})

test('a workload that wants more turns gets them', async () => {
  const root = file(talk(['human', 'a'], ['gpt', 'b'], ['human', 'c'], ['gpt', 'd']))
  expect((await load(shareGPT('talks.json', inOrder), root, { turns: 2 })).rows[0]!.userTurns).toEqual(['a', 'c'])
  expect(await failureOf(load(shareGPT('talks.json', inOrder), root, { turns: 3 }))).toMatch(
    /leaves no conversation to use: 1 of 1 conversations left out for having fewer than 6 messages/,
  )
})

test('a system message at the start is kept as one, and is no turn', async () => {
  const { rows } = await load(shareGPT('talks.json', inOrder), file(talk(['system', 'Be brief.'], ['human', 'a'], ['gpt', 'b'])))
  expect(rows[0]).toMatchObject({
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'a' },
    ],
    userTurns: ['a'],
    promptTokens: 3,
  })
})

test('short and long conversations are left out, and the notes say how many and why', async () => {
  const root = file(
    talk(['human', 'one two three'], ['gpt', 'one two three four']),
    talk(['human', 'one two three four'], ['gpt', 'one two three']),
    talk(['human', 'one two three four'], ['gpt', 'one two three four']),
    talk(['human', 'one two three four five six seven'], ['gpt', 'one two three four']),
    talk(['human', 'one two three four five'], ['gpt', 'one two three four five six']),
  )
  const { rows, notes } = await load(shareGPT('talks.json', { maxPromptTokens: 6, maxTotalTokens: 10 }), root)
  expect(rows.map((row) => row.promptTokens)).toEqual([4])
  expect(notes).toEqual([
    'of 5 conversations looked at, left out: 2 for a prompt or answer under 4 tokens, 1 for a prompt over 6 tokens, 1 for more than 10 tokens in all',
  ])
})

test('the order depends on the seed alone, and a limit takes the first of it', async () => {
  const root = file(...many)
  const all = prompts(await load(shareGPT('talks.json'), root))
  expect(prompts(await load(shareGPT('talks.json'), root))).toEqual(all)
  expect(prompts(await load(shareGPT('talks.json', { seed: 1 }), root))).not.toEqual(all)
  expect(all.toSorted()).toEqual(many.map((item) => item.conversations[0]!.value).toSorted())
  expect(prompts(await load(shareGPT('talks.json', { shuffle: false }), root))[0]).toBe('question number 0 please')
  expect(prompts(await load(shareGPT('talks.json'), root, { limit: 7 }))).toEqual(all.slice(0, 7))
})

test('a limit beyond what is left names both numbers and why', async () => {
  expect(
    await failureOf(load(shareGPT('talks.json', { minTokens: 4 }), file(...many, talk(['human', 'a'], ['gpt', 'b'])), { limit: 51 })),
  ).toBe(
    '`limit: 51` is beyond the 50 rows of dataset sharegpt talks.json (of 51 conversations looked at, left out: 1 for a prompt or answer under 4 tokens): lower it, or leave it out to use all',
  )
})

test('lengths counted by the bundled tokenizer say so', async () => {
  const { notes } = await load(shareGPT('talks.json'), file(...many), { tokenizer: () => loadTokenizer(undefined, '/') })
  expect(notes).toEqual([
    "lengths are in tokens of the bundled o200k_base, which may not be the server's tokenizer: `tokenizer` names another",
  ])
})

test.for<[string, string, RegExp]>([
  ['no JSON', 'hello', /is no JSON array: it does not start with `\[`/],
  ['an object', '{"conversations":[]}', /is no JSON array/],
  ['blank', ' \n ', /is no JSON array: it is blank/],
  ['an empty list', ' [ ] ', /leaves no conversation to use: it has none/],
  ['cut off', '[{"conversations":[{"from":"human","value":"a"},{"fr', /ends inside element 0 of its JSON array: it was cut off/],
  ['bad in an element', '[{"conversations":[]},{"conversations":[oops]}]', /has bad JSON in element 1: /],
  ['a stray comma', '[{"conversations":[]},]', /has bad JSON in element 1: /],
  ['going on', '[] []', /goes on after its JSON array's end/],
  ['of another form', '[{"prompt":"a","id":1}]', /conversation 0 has no list `conversations` \(keys: prompt, id\)/],
  ['of numbers', '[1]', /conversation 0 has no list `conversations` \(a number\)/],
  [
    'without a value',
    '[{"conversations":[{"from":"human"},{"from":"gpt","value":"b"}]}]',
    /conversation 0: message 0 has null as its `value`/,
  ],
])('a file that is %s is refused', async ([, content, message]) => {
  expect(await failureOf(load(shareGPT('a.json'), folderOf({ 'a.json': content })))).toMatch(message)
})

test('strings may hold what looks like structure, and characters may be split between reads', async () => {
  const random = createRandom(9)
  const tricky = Array.from({ length: 2_000_000 }, () => '\\\\\\""],{ü😀\u2028'.at(random.int(11)))
    .join('')
    .toWellFormed()
  const root = folderOf({
    'a.json': `\uFEFF${JSON.stringify([talk(['human', tricky], ['gpt', '\\"']), talk(['human', 'last one'], ['gpt', 'b'])])}\n`,
  })
  const { rows } = await load(shareGPT('a.json', { minTokens: 0, shuffle: false }), root)
  expect(rows.map((row) => row.userTurns[0] === tricky)).toEqual([true, false])
  expect(rows[1]!.userTurns).toEqual(['last one'])
})

test.skipIf(!hasSharedData)('the real samples load with the usual filter', async () => {
  const { rows, notes, digest } = await load(shareGPT('samples_1024.json'), SHARED_DATA, { tokenizer: () => loadTokenizer(undefined, '/') })
  expect(rows).toHaveLength(1015)
  expect(notes[0]).toBe('of 1024 conversations looked at, left out: 9 for a prompt or answer under 4 tokens')
  expect(digest).toBe('3d225a0de1a06841')
  expect(rows.every((row) => row.promptTokens! >= 4 && row.outputTokens![0]! >= 4)).toBe(true)
})

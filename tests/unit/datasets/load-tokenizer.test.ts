import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadTokenizer } from '../../../src/datasets/load-tokenizer.ts'
import { LlmBenchError } from '../../../src/errors.ts'
import { folderOf } from './files.ts'

/** Byte-pair encoding with one merge, a BOS that every encoding with special tokens would get, and an end marker. */
const TOKENIZER = {
  version: '1.0',
  added_tokens: [
    { id: 0, content: '<s>', special: true },
    { id: 1, content: '<|end|>', special: true },
  ],
  normalizer: null,
  pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithNext' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
  },
  decoder: { type: 'Fuse' },
  model: {
    type: 'BPE',
    vocab: { '<s>': 0, '<|end|>': 1, a: 2, b: 3, ab: 4, ' ': 5, '.': 6, '<unk>': 7 },
    merges: ['a b'],
    unk_token: '<unk>',
  },
}
const json = JSON.stringify(TOKENIZER)

async function failureOf(loading: Promise<unknown>): Promise<string> {
  const error = await loading.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof LlmBenchError)) throw error
  expect(error.code).toBe('TOKENIZER')
  return error.message
}

test('the bundled tokenizer counts as tiktoken does', async () => {
  const tokenizer = await loadTokenizer(undefined, '/nowhere')
  expect([tokenizer.name, tokenizer.source]).toEqual(['o200k_base', 'bundled'])
  expect(tokenizer.encode('hello world')).toEqual([24912, 2375])
  expect(tokenizer.count('hello world')).toBe(2)
  expect(tokenizer.count('')).toBe(0)
  expect(tokenizer.decode(tokenizer.encode('ü 😀 text'))).toBe('ü 😀 text')
})

test('text that looks like a special token is text to the bundled tokenizer', async () => {
  const tokenizer = await loadTokenizer(undefined, '/')
  const text = 'end <|endoftext|> and <|im_start|>'
  expect(tokenizer.count(text)).toBe(tokenizer.encode(text).length)
  expect(tokenizer.count('<|endoftext|>')).toBeGreaterThan(1)
  expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
})

test("a tokenizer.json counts without the special tokens that it would add, with or without a folder's config", async () => {
  const root = folderOf({ 'tokenizer.json': json })
  for (const path of ['tokenizer.json', '.', root]) {
    const tokenizer = await loadTokenizer(path, root)
    expect(tokenizer.source).toBe('tokenizer')
    expect(tokenizer.name).toMatch(/tokenizer\.json$/)
    expect(tokenizer.encode('abab')).toEqual([4, 4])
    expect(tokenizer.count('abab')).toBe(2)
    expect(tokenizer.decode([4, 6, 5, 6])).toBe('ab. .')
    expect([tokenizer.count(''), tokenizer.decode([])]).toEqual([0, ''])
  }
  const withConfig = folderOf({ 'tokenizer.json': json, 'tokenizer_config.json': JSON.stringify({ remove_space: true }) })
  expect((await loadTokenizer('.', withConfig)).encode('  ab  ')).toEqual([4])
})

test('keys that older files leave out are taken as none', async () => {
  const { decoder: _decoder, normalizer: _normalizer, added_tokens: _added, ...older } = TOKENIZER
  const root = folderOf({ 'tokenizer.json': JSON.stringify(older) })
  expect((await loadTokenizer('tokenizer.json', root)).count('ab')).toBe(1)
})

test.for<[string, string, RegExp]>([
  ['no JSON', 'oops', /tokenizer\.json is not JSON: /],
  ['no object', '[]', /tokenizer\.json is no tokenizer: expected a JSON object/],
  ['empty', '', /tokenizer\.json is not JSON/],
  ['another kind of file', '{"architectures":["LlamaForCausalLM"]}', /tokenizer\.json is no tokenizer that can be used: /],
  ['of an unknown model', JSON.stringify({ ...TOKENIZER, model: { type: 'Magic' } }), /is no tokenizer that can be used: /],
])('a file that is %s is refused', async ([, content, message]) => {
  expect(await failureOf(loadTokenizer('tokenizer.json', folderOf({ 'tokenizer.json': content })))).toMatch(message)
})

test('a missing file, a folder without one and a bad config are refused', async () => {
  const root = folderOf({ 'tokenizer.json': json, 'tokenizer_config.json': '{' })
  mkdirSync(join(root, 'bare'))
  expect(await failureOf(loadTokenizer('none.json', root))).toMatch(
    /none\.json cannot be read .*`tokenizer` takes the path of a tokenizer\.json/,
  )
  expect(await failureOf(loadTokenizer('bare', root))).toMatch(/bare\/tokenizer\.json cannot be read/)
  expect(await failureOf(loadTokenizer('.', root))).toMatch(/tokenizer_config\.json is not JSON/)
})

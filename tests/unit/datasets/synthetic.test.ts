import { expect, test } from 'vitest'
import { loadTokenizer } from '../../../src/datasets/load-tokenizer.ts'
import type { Tokenizer } from '../../../src/datasets/tokenizer.ts'
import { synthetic } from '../../../src/dsl/datasets.ts'
import { failureOf, load, prompts } from './files.ts'

const bundled = await loadTokenizer(undefined, '/')
const tokenizer = () => Promise.resolve(bundled)

test.for([1, 2, 3, 16, 500])('each prompt is exactly %i tokens long', async (inputTokens) => {
  const { rows } = await load(synthetic({ inputTokens, outputTokens: 7, rows: 100 }), '/', { tokenizer })
  expect(rows).toHaveLength(100)
  expect(rows.every((row) => bundled.encode(row.userTurns[0]!).length === inputTokens)).toBe(true)
  expect(rows.every((row) => row.promptTokens === inputTokens && row.outputTokens![0] === 7)).toBe(true)
})

test('no two prompts begin with the same two tokens', async () => {
  const { rows } = await load(synthetic({ inputTokens: 8, outputTokens: 1, rows: 2000 }), '/', { tokenizer })
  const starts = rows.map((row) => bundled.encode(row.userTurns[0]!).slice(0, 2).join(' '))
  expect(new Set(starts).size).toBe(2000)
})

test('both lengths vary evenly within the spread', async () => {
  const dataset = await load(synthetic({ inputTokens: 20, outputTokens: 10, spread: 0.2, rows: 400 }), '/', { tokenizer })
  expect(dataset.name).toBe('synthetic (20 in, 10 out ± 20 %)')
  const inputs = dataset.rows.map((row) => row.promptTokens!)
  expect(new Set(inputs)).toEqual(new Set([16, 17, 18, 19, 20, 21, 22, 23, 24]))
  expect(new Set(dataset.rows.map((row) => row.outputTokens![0]))).toEqual(new Set([8, 9, 10, 11, 12]))
  expect(dataset.rows.every((row) => bundled.count(row.userTurns[0]!) === row.promptTokens)).toBe(true)
})

test('the whole spread never gives an empty prompt or answer', async () => {
  const { rows } = await load(synthetic({ inputTokens: 2, outputTokens: 1, spread: 1, rows: 200 }), '/', { tokenizer })
  expect(Math.min(...rows.map((row) => Math.min(row.promptTokens!, row.outputTokens![0]!)))).toBe(1)
})

test('the seed decides, and a limit takes the first rows', async () => {
  const spec = synthetic({ inputTokens: 12, outputTokens: 1, rows: 50 })
  const all = prompts(await load(spec, '/', { tokenizer }))
  expect(prompts(await load(spec, '/', { tokenizer }))).toEqual(all)
  expect(prompts(await load(spec, '/', { tokenizer, limit: 5 }))).toEqual(all.slice(0, 5))
  expect(prompts(await load({ ...spec, seed: 1 }, '/', { tokenizer }))).not.toEqual(all)
  expect(await failureOf(load(spec, '/', { tokenizer, limit: 51 }))).toMatch(/`limit: 51` is beyond the 50 rows/)
})

test("a tokenizer that may not be the server's is named", async () => {
  const { notes } = await load(synthetic({ inputTokens: 4, outputTokens: 1, rows: 1 }), '/', { tokenizer })
  expect(notes).toEqual([expect.stringContaining('bundled o200k_base')])
})

test('a tokenizer of bytes is met exactly too', async () => {
  const bytes: Tokenizer = {
    name: 'bytes',
    source: 'tokenizer',
    count: (text) => Buffer.byteLength(text),
    encode: (text) => [...Buffer.from(text)],
    decode: (ids) => Buffer.from(ids).toString(),
  }
  for (const inputTokens of [1, 5, 64, 301]) {
    const { rows } = await load(synthetic({ inputTokens, outputTokens: 1, rows: 30 }), '/', { tokenizer: () => Promise.resolve(bytes) })
    expect(rows.every((row) => Buffer.byteLength(row.userTurns[0]!) === inputTokens)).toBe(true)
  }
})

test('a length that no text has is an error', async () => {
  const pairs: Tokenizer = { name: 'pairs', source: 'tokenizer', count: (text) => 2 * text.length, encode: () => [], decode: () => '' }
  const message = await failureOf(
    load(synthetic({ inputTokens: 5, outputTokens: 1, rows: 1 }), '/', { tokenizer: () => Promise.resolve(pairs) }),
  )
  expect(message).toBe('synthetic() finds no text of exactly 5 tokens of pairs: try another `inputTokens`')
})

import { expect, test } from 'vitest'
import { jsonl, prompts as promptsSpec, text } from '../../../src/dsl/datasets.ts'
import { failureOf, folderOf, load, prompts } from './files.ts'

const talk = (...texts: string[]): string =>
  JSON.stringify({ messages: texts.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })) })

test('a text file is a prompt a line, blank lines skipped', async () => {
  const root = folderOf({ 'a.txt': 'first\r\n\n   \n  second, indented \n' })
  const dataset = await load(text('a.txt'), root)
  expect(dataset.name).toBe('text a.txt')
  expect(prompts(dataset)).toEqual(['first', '  second, indented '])
  expect(prompts(await load(text('a.txt'), root, { limit: 1 }))).toEqual(['first'])
  expect(await failureOf(load(text('a.txt'), root, { limit: 3 }))).toMatch(/`limit: 3` is beyond the 2 rows of dataset text a\.txt/)
})

test('an absolute path is taken as it is', async () => {
  const root = folderOf({ 'a.txt': 'first' })
  expect(prompts(await load(text(`${root}/a.txt`), '/elsewhere'))).toEqual(['first'])
})

test('prompts of the bench file are rows', async () => {
  const dataset = await load(promptsSpec(['a', 'b']), '/')
  expect([dataset.name, prompts(dataset)]).toEqual(['prompts (2)', ['a', 'b']])
  expect(await failureOf(load(promptsSpec(['a', 'b']), '/', { limit: 3 }))).toMatch(
    /`limit: 3` is beyond the 2 rows of dataset prompts \(2\)/,
  )
})

test('equal rows have equal digests, wherever they come from', async () => {
  const root = folderOf({ 'a.txt': 'a\nb', 'b.jsonl': '{"prompt":"a"}\n{"prompt":"b"}' })
  const digests = await Promise.all(
    [text('a.txt'), jsonl('b.jsonl'), promptsSpec(['a', 'b']), promptsSpec(['b', 'a']), promptsSpec(['a'])].map((spec) => load(spec, root)),
  )
  const [first, second, third, swapped, fewer] = digests.map((dataset) => dataset.digest)
  expect(first).toMatch(/^[0-9a-f]{16}$/)
  expect([second, third]).toEqual([first, first])
  expect(new Set([first, swapped, fewer]).size).toBe(3)
})

test('rows with fewer user messages than the workload has turns are left out, and that is noted', async () => {
  const root = folderOf({ 'a.jsonl': [talk('a'), talk('a', 'b', 'c'), talk('d', 'e', 'f', 'g')].join('\n') })
  const dataset = await load(jsonl('a.jsonl'), root, { turns: 2 })
  expect(dataset.rows.map((row) => row.userTurns)).toEqual([
    ['a', 'c'],
    ['d', 'f'],
  ])
  expect(dataset.notes).toEqual(['1 of 3 rows left out for having fewer than 2 user messages'])
  expect((await load(jsonl('a.jsonl'), root, { turns: 2, limit: 1 })).rows).toHaveLength(1)
})

test('a dataset without conversations cannot serve several turns', async () => {
  expect(await failureOf(load(promptsSpec(['a']), '/', { turns: 2 }))).toMatch(
    /prompts \(1\) has no conversation of 2 user messages: `turns` needs conversations/,
  )
})

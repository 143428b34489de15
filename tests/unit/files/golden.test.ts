import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeAnswers } from '../../../src/files/answers.ts'
import { readGolden, writeGolden } from '../../../src/files/golden.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-bench-golden-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const golden = {
  dataset: 'abc',
  answers: [
    { prompt: 0, text: 'line\n"quoted"' },
    { prompt: 1, turn: 2, text: '' },
  ],
}

test('golden answers are read as they were written, one a line', async () => {
  const path = join(folder, 'golden', 'chat.json')
  await writeGolden(path, golden)
  expect(await readGolden(path)).toEqual(golden)
  expect((await readFile(path, 'utf8')).split('\n').filter((line) => line.includes('"prompt"'))).toHaveLength(2)
})

test('where there is no file, there are none', async () => {
  expect(await readGolden(join(folder, 'none.json'))).toBeUndefined()
})

test.each([
  ['{ "version": 1, ', 'JSON'],
  ['{ "version": 1, "dataset": "a", "answers": [{ "prompt": -1, "text": "" }] }', 'answers[0].prompt'],
  ['{ "version": 9 }', 'version 9'],
])('a broken file is an error that names it and what is wrong: %s', async (text, what) => {
  const path = join(folder, 'broken.json')
  await writeFile(path, text)
  await expect(readGolden(path)).rejects.toMatchObject({ code: 'BASELINE' })
  await expect(readGolden(path)).rejects.toThrow(path)
  await expect(readGolden(path)).rejects.toThrow(what)
})

test('the answers of a run stand by prompt and sample, whoever was first', async () => {
  const path = join(folder, 'answers.jsonl')
  await writeAnswers(path, [
    { promptIndex: 1, sampleIndex: 0, text: 'c' },
    { promptIndex: 0, sampleIndex: 1, text: 'b' },
    { promptIndex: 0, turn: 0, sampleIndex: 0, text: 'a' },
  ])
  expect(await readFile(path, 'utf8')).toBe(
    '{"prompt_index":0,"turn":0,"sample_index":0,"text":"a"}\n{"prompt_index":0,"sample_index":1,"text":"b"}\n{"prompt_index":1,"sample_index":0,"text":"c"}\n',
  )
})

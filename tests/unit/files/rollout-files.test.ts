import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RolloutFiles, type RolloutBatch } from '../../../src/files/rollout-files.ts'
import { batchOf, IDENTITY } from './rollout-batches.ts'

let folder: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'llm-bench-rollout-')), 'bench')
})
afterEach(async () => rm(join(folder, '..'), { recursive: true }))

const golden = (name: string): string => readFileSync(new URL(`golden/${name}`, import.meta.url), 'utf8')
const text = async (name: string): Promise<string> => readFile(join(folder, name), 'utf8')

/** @param lengths the tokens of a prompt's answers in a row each; null for an answer that failed */
function batchOfLengths(index: number, seconds: number, lengths: (number | null)[][]): RolloutBatch {
  return {
    index,
    startNs: 5e9,
    endNs: 5e9 + Math.round(seconds * 1e9),
    prompts: lengths.map((answers, promptIndex) => ({
      promptIndex: index * 2 + promptIndex,
      text: `What is ${index} + ${promptIndex}?`,
      answers: answers.map((tokens) =>
        tokens === null ? { text: '', tokens: 0, failed: true } : { text: 'x'.repeat(3), tokens, finishReason: 'length', failed: false },
      ),
    })),
    rows: [],
  }
}

test("each batch stands in the files, which are PaddleNLP's to the byte, as soon as it is appended", async () => {
  const batches = [
    batchOfLengths(0, 3.21, [
      [210, 198],
      [305, 287],
    ]),
    batchOf(1),
    batchOfLengths(2, 2, [
      [210, 210, 211],
      [100, 101, 101],
    ]),
    batchOfLengths(3, 0.5, [[null, null]]),
  ]
  const files = await RolloutFiles.open({ folder, ...IDENTITY, details: true })
  expect((await text('dispersed_stats.csv')).split('\r\n')).toHaveLength(2)
  for (const [i, batch] of batches.entries()) {
    await files.appendBatch(batch)
    for (const name of ['dispersed_stats.csv', 'global_stats.csv']) {
      const written = await text(name)
      expect(written.split('\r\n')).toHaveLength(1 + i + 1 + 1)
      expect(golden(name).startsWith(written)).toBe(true)
    }
    expect(golden('rollout_details.jsonl').startsWith(await text('rollout_details.jsonl'))).toBe(true)
  }
  for (const name of ['dispersed_stats.csv', 'global_stats.csv', 'rollout_details.jsonl']) expect(await text(name)).toBe(golden(name))
  await files.close({ complete: false })
})

test('what has finished is told after each batch', async () => {
  const files = await RolloutFiles.open({ folder, ...IDENTITY, details: true })
  await files.appendBatch(batchOf(0))
  expect(JSON.parse(await text('progress.json'))).toEqual({ ...IDENTITY, complete: false, finished: '0' })
  await files.appendBatch(batchOf(1))
  await files.appendBatch(batchOf(3))
  expect(JSON.parse(await text('progress.json'))).toEqual({ ...IDENTITY, complete: false, finished: '0-1,3' })
  await files.close({ complete: false })
})

test('without details there are no texts', async () => {
  const files = await RolloutFiles.open({ folder, ...IDENTITY, details: false })
  await files.appendBatch(batchOf(0))
  await files.close({ complete: true })
  expect((await text('rollout_details.jsonl')).split('\n')[0]).toBe(
    '{"batch_index":0,"prompt_index":0,"rollouts":[{"token_length":3,"finish_reason":"stop"},{"token_length":4,"finish_reason":"stop"}],"total_time":2,"throughput_tokens_per_sec":5}',
  )
})

test('a complete rollout leaves no journal', async () => {
  const files = await RolloutFiles.open({ folder, ...IDENTITY, details: true })
  await files.appendBatch(batchOf(0))
  await files.close({ complete: true })
  expect((await readdir(folder)).toSorted()).toEqual(['dispersed_stats.csv', 'global_stats.csv', 'progress.json', 'rollout_details.jsonl'])
  expect(JSON.parse(await text('progress.json'))).toMatchObject({ complete: true, finished: '0' })
})

test('a folder that cannot be written is an error that names it', async () => {
  await expect(RolloutFiles.open({ folder: join(import.meta.filename, 'bench'), ...IDENTITY, details: true })).rejects.toMatchObject({
    code: 'RESULTS',
    message: expect.stringContaining(join(import.meta.filename, 'bench')),
  })
})

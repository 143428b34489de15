import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RolloutFiles } from '../../../src/files/rollout-files.ts'
import { batchOf, IDENTITY } from './rollout-batches.ts'

let folder: string
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'llm-bench-rollout-')), 'bench')
})
afterEach(async () => rm(join(folder, '..'), { recursive: true }))

const text = async (name: string): Promise<string> => readFile(join(folder, name), 'utf8')

test('each batch stands in the files as soon as it is appended', async () => {
  const files = await RolloutFiles.open({ folder, ...IDENTITY, details: true })
  expect((await text('dispersed_stats.csv')).split('\r\n')).toHaveLength(2)
  await files.appendBatch(batchOf(0))
  expect(await text('dispersed_stats.csv')).toBe(
    'batch_index,rollout_lengths,min_length,max_length,avg_length,completion_time,throughput_tokens_per_sec\r\n' +
      '0,"[[3, 4], [3, 0]]","[3, 3]","[4, 3]","[3.5, 3.0]",2.00,5.00\r\n',
  )
  expect((await text('global_stats.csv')).split('\r\n')[1]).toBe('0,3,4,3.33,10,2.00,5.00,"[4, 3]"')
  expect((await text('rollout_details.jsonl')).split('\n')).toEqual([
    '{"batch_index":0,"prompt_index":0,"prompt_text":"Question 0, \\"quoted\\"\\r\\nand\u2028parted","rollouts":[{"response":"Antwort 0: 答え\\n💥","token_length":3,"finish_reason":"stop"},{"response":"Antwort 1: 答え\\n💥","token_length":4,"finish_reason":"stop"}],"total_time":2,"throughput_tokens_per_sec":5}',
    '{"batch_index":0,"prompt_index":1,"prompt_text":"Question 1, \\"quoted\\"\\r\\nand\u2028parted","rollouts":[{"response":"Antwort 0: 答え\\n💥","token_length":3,"finish_reason":"stop"},{"response":"","token_length":0,"finish_reason":null}],"total_time":2,"throughput_tokens_per_sec":5}',
    '',
  ])
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

import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createResultsFolder } from '../../../src/files/results.ts'
import { findResumable, restoreRollout, type RestoredRollout } from '../../../src/files/resume.ts'
import { RolloutFiles, type RolloutBatch } from '../../../src/files/rollout-files.ts'
import type { RequestRow } from '../../../src/metrics/columns.ts'
import { batchOf, IDENTITY } from './rollout-batches.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-bench-resume-'))
})
afterEach(async () => rm(home, { recursive: true }))

async function restore(from: string, to: string, details = true): Promise<RestoredRollout> {
  return (await restoreRollout(from, to, { details, datasetDigest: IDENTITY.datasetDigest }))!
}

/** In the order in which a batch reaches them. */
const APPENDED = ['dispersed_stats.csv', 'global_stats.csv', 'rollout_details.jsonl', 'resume.jsonl'] as const
const SHOWN = APPENDED.slice(0, 3)

type Contents = Record<(typeof APPENDED)[number] | 'progress.json', Buffer>

async function contentsOf(folder: string): Promise<Contents> {
  const names = (await readdir(folder)) as (keyof Contents)[]
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))]))) as Contents
}

async function write(folder: string, contents: Contents): Promise<void> {
  await mkdir(folder, { recursive: true })
  await Promise.all(Object.entries(contents).map(async ([name, data]) => writeFile(join(folder, name), data)))
}

/** The files of a rollout before and after its last batch. */
async function lastBatch(batches: number, batch = batchOf): Promise<{ before: Contents; after: Contents }> {
  const folder = join(home, 'whole')
  const files = await RolloutFiles.open({ folder, ...IDENTITY, details: true })
  for (let index = 0; index < batches - 1; index++) await files.appendBatch(batch(index))
  const before = await contentsOf(folder)
  await files.appendBatch(batch(batches - 1))
  await files.close({ complete: false })
  return { before, after: await contentsOf(folder) }
}

/** Goes on with what was restored until all batches are done. */
async function finish(folder: string, done: readonly number[], batches: number, batch = batchOf): Promise<void> {
  const files = await RolloutFiles.open({ folder, ...IDENTITY, details: true })
  for (let index = 0; index < batches; index++) if (!done.includes(index)) await files.appendBatch(batch(index))
  await files.close({ complete: true })
}

/** Every byte costs a restore, so that the batches are small. */
function smallBatchOf(index: number): RolloutBatch {
  const row: RequestRow = { promptIndex: index, scheduledNs: index, completed: true, outputTokens: 3, gapsMs: [0.1] }
  const prompt = { promptIndex: index, text: '問', answers: [{ text: '答', tokens: 3, failed: false }] }
  return { index, startNs: 0, endNs: 1e9, prompts: [prompt], rows: [row] }
}

test('a crash at any byte of a batch costs that batch at most, and going on gives the files of a run without a crash', async () => {
  const { before, after } = await lastBatch(2, smallBatchOf)
  const crashed = join(home, 'crashed')
  const restored = join(home, 'restored')
  await write(crashed, before)
  for (const name of APPENDED) {
    for (let size = before[name].length; size <= after[name].length; size++) {
      await writeFile(join(crashed, name), after[name].subarray(0, size))
      const { batches } = await restore(crashed, restored)
      // A journal line that lacks nothing but its line end is whole.
      const whole = name === 'resume.jsonl' && size >= after[name].length - 1
      expect(batches.length, `batches after ${name} was cut at ${size}`).toBe(whole ? 2 : 1)
      const contents = await contentsOf(restored)
      const expected = whole ? after : before
      for (const shown of SHOWN) expect(contents[shown].equals(expected[shown]), `${shown} after ${name} was cut at ${size}`).toBe(true)
    }
    await finish(restored, name === 'resume.jsonl' ? [0, 1] : [0], 2, smallBatchOf)
    const contents = await contentsOf(restored)
    for (const shown of SHOWN) expect(contents[shown].toString()).toBe(after[shown].toString())
    expect(JSON.parse(contents['progress.json'].toString())).toEqual({ ...IDENTITY, complete: true, finished: '0-1' })
  }
}, 120_000)

test('whatever a power cut took of one file, no batch comes back without its texts or twice', async () => {
  const { after } = await lastBatch(2, smallBatchOf)
  const crashed = join(home, 'crashed')
  const restored = join(home, 'restored')
  const headerLength = after['resume.jsonl'].indexOf('\n')
  for (const name of APPENDED) {
    await write(crashed, after)
    for (let size = name === 'resume.jsonl' ? headerLength : 0; size < after[name].length; size += 5) {
      await writeFile(join(crashed, name), after[name].subarray(0, size))
      const { batches } = await restore(crashed, restored)
      const contents = await contentsOf(restored)
      expect(contents['rollout_details.jsonl'].toString().split('\n')).toHaveLength(batches.length + 1)
      expect(contents['global_stats.csv'].toString().split('\r\n')).toHaveLength(batches.length + 2)
      if (name.endsWith('.csv')) expect(batches).toHaveLength(2)
    }
  }
}, 120_000)

test('an interrupted rollout can be resumed again and again', async () => {
  const folders = ['first', 'second', 'third'].map((name) => join(home, name))
  const whole = join(home, 'uninterrupted')
  await finish(whole, [], 6)
  for (const [session, folder] of folders.entries()) {
    const restored = session === 0 ? undefined : await restore(folders[session - 1]!, folder)
    expect(restored?.batches.map(({ index }) => index) ?? []).toEqual(Array.from({ length: session * 2 }, (_, index) => index))
    const files = await RolloutFiles.open({ folder, ...IDENTITY, details: true })
    for (const index of [0, 1]) await files.appendBatch(batchOf(session * 2 + index))
    await files.close({ complete: session === 2 })
  }
  const [resumed, uninterrupted] = [await contentsOf(folders[2]!), await contentsOf(whole)]
  for (const shown of SHOWN) expect(resumed[shown].toString()).toBe(uninterrupted[shown].toString())
})

test('requests come back with every figure, their batches one after another from time 0', async () => {
  await lastBatch(3)
  const { batches, endNs } = await restore(join(home, 'whole'), join(home, 'restored'))
  expect(endNs).toBe(6e9)
  for (const [index, restored] of batches.entries()) {
    const original = batchOf(index)
    const shift = index * 2e9 - original.startNs
    const shifted = (row: RequestRow): RequestRow => ({
      ...row,
      scheduledNs: row.scheduledNs + shift,
      ...(row.completed
        ? { sentNs: row.sentNs! + shift, firstTokenNs: row.firstTokenNs! + shift, lastTokenNs: row.lastTokenNs! + shift }
        : {}),
    })
    expect(restored).toEqual({
      index,
      startNs: index * 2e9,
      endNs: (index + 1) * 2e9,
      prompts: [
        { promptIndex: index * 2, tokens: [3, 4] },
        { promptIndex: index * 2 + 1, tokens: [3, null] },
      ],
      rows: original.rows.map(shifted),
    })
  }
})

test('texts are left behind where the new run keeps none', async () => {
  await lastBatch(1)
  await restore(join(home, 'whole'), join(home, 'restored'), false)
  const lines = (await readFile(join(home, 'restored/rollout_details.jsonl'), 'utf8')).trimEnd().split('\n')
  expect(lines[1]).toBe(
    '{"batch_index":0,"prompt_index":1,"rollouts":[{"token_length":3,"finish_reason":"stop"},{"token_length":0,"finish_reason":null}],"total_time":2,"throughput_tokens_per_sec":5}',
  )
})

test('a folder that another version or no rollout wrote is an error with the way out', async () => {
  await lastBatch(1)
  const folder = join(home, 'whole')
  await writeFile(join(folder, 'resume.jsonl'), '{"version":99}\n')
  await expect(restore(folder, join(home, 'restored'))).rejects.toMatchObject({
    code: 'RESULTS',
    message: expect.stringMatching(/resume\.jsonl was not written by this version.*without `resume`/),
  })
  await unlink(join(folder, 'resume.jsonl'))
  await expect(restore(folder, join(home, 'restored'))).rejects.toMatchObject({ code: 'RESULTS' })
  await expect(restore(join(home, 'none'), join(home, 'restored'))).rejects.toMatchObject({ code: 'RESULTS' })
})

/** A results folder with a rollout in it. */
async function session(
  second: number,
  options: { batches: number; complete?: boolean; bench?: string; digest?: string; attempt?: number },
): Promise<string> {
  const results = await createResultsFolder(home, new Date(Date.UTC(2026, 0, 1, 0, 0, second)))
  const folder = join(results, `bench${options.attempt === undefined ? '' : `_attempt-${options.attempt}`}`)
  const identity = { ...IDENTITY, bench: options.bench ?? IDENTITY.bench, workloadDigest: options.digest ?? IDENTITY.workloadDigest }
  const files = await RolloutFiles.open({ folder, ...identity, details: true })
  for (let index = 0; index < options.batches; index++) await files.appendBatch(batchOf(index))
  await files.close({ complete: options.complete ?? false })
  return folder
}

test('the newest run of the bench and load decides what is resumed', async () => {
  expect(await findResumable(home, IDENTITY)).toBeUndefined()
  await session(1, { batches: 1 })
  const second = await session(2, { batches: 1 })
  await session(3, { batches: 1, bench: 'other' })
  await session(4, { batches: 1, digest: 'fedcba9876543210', complete: true })
  expect(await findResumable(home, IDENTITY)).toBe(second)
  const current = await session(5, { batches: 2 })
  expect(await findResumable(home, { ...IDENTITY, exclude: join(current, '..') })).toBe(second)
  expect(await findResumable(home, IDENTITY)).toBe(current)
  await session(6, { batches: 2, complete: true })
  expect(await findResumable(home, IDENTITY)).toBeUndefined()
})

test('a run that finished no batch does not hide an earlier one that did', async () => {
  const first = await session(1, { batches: 2 })
  await session(2, { batches: 0 })
  expect(await findResumable(home, IDENTITY)).toBe(first)
})

test('of the attempts of a retried test the last decides', async () => {
  const first = await session(1, { batches: 1 })
  const retried = first.replace(/bench$/, 'bench_attempt-2')
  await cp(first, retried, { recursive: true })
  expect(await findResumable(home, IDENTITY)).toBe(retried)
})

const found = (folderName: string): Promise<string | undefined> => findResumable(home, { ...IDENTITY, folderName })

test("a bench of another test is not gone on with, though it has the same name and load, nor hides this one's", async () => {
  const first = await session(1, { batches: 1 })
  const other = first.replace(/bench$/, 'other-test')
  const retried = first.replace(/bench$/, 'bench_attempt-2')
  const secondOfTest = first.replace(/bench$/, 'bench_attempt-2-2')
  for (const copy of [other, retried, secondOfTest]) await cp(first, copy, { recursive: true })
  await writeFile(join(other, 'progress.json'), JSON.stringify({ ...IDENTITY, complete: true, finished: '0' }))
  expect(await found('bench')).toBe(retried)
  expect(await found('bench_attempt-3')).toBe(retried)
  expect(await found('bench-2')).toBe(secondOfTest)
  expect(await found('other-test')).toBeUndefined()
  expect(await found('new-test')).toBeUndefined()
})

test('foreign and broken folders are passed over', async () => {
  const first = await session(1, { batches: 1 })
  const second = await session(2, { batches: 1 })
  await truncate(join(second, 'progress.json'), 10)
  await mkdir(join(home, 'notes'))
  await writeFile(join(home, 'notes.txt'), '')
  expect(await findResumable(home, IDENTITY)).toBe(first)
})

test('nothing is restored of a rollout whose prompts were others', async () => {
  await lastBatch(2)
  const restored = join(home, 'restored')
  expect(await restoreRollout(join(home, 'whole'), restored, { details: true, datasetDigest: 'another' })).toBeUndefined()
  expect(await readdir(home)).toEqual(['whole'])
})

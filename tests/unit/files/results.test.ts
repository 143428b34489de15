import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { benchFolderName, createResultsFolder, listResultsFolders, removeIfEmpty, toRootRelative } from '../../../src/files/results.ts'
import { writeFileAtomic } from '../../../src/files/write.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'llm-bench-results-'))
})
afterEach(async () => rm(home, { recursive: true }))

const NOON = new Date('2026-03-01T12:00:00.500Z')
const LATER = new Date('2026-03-01T12:00:01Z')

test('a results folder is named for its time, and latest points to the newest', async () => {
  const first = await createResultsFolder(join(home, 'bench-results'), NOON)
  const second = await createResultsFolder(join(home, 'bench-results'), LATER)
  expect(basename(first)).toBe('2026-03-01T12-00-00Z')
  expect(existsSync(first)).toBe(true)
  expect(await readlink(join(home, 'bench-results/latest'))).toBe(basename(second))
  expect((await readdir(join(home, 'bench-results'))).toSorted()).toEqual(['2026-03-01T12-00-00Z', '2026-03-01T12-00-01Z', 'latest'])
})

test('runs that start in the same second get folders of their own, listed newest first', async () => {
  const folders = await Promise.all(Array.from({ length: 12 }, async () => createResultsFolder(home, NOON)))
  expect(new Set(folders).size).toBe(12)
  const later = await createResultsFolder(home, LATER)
  const listed = await listResultsFolders(home)
  expect(listed).toHaveLength(13)
  expect(listed[0]).toBe(later)
  expect(basename(listed[1]!)).toBe('2026-03-01T12-00-00Z-12')
  expect(basename(listed.at(-1)!)).toBe('2026-03-01T12-00-00Z')
})

test('where latest cannot be a link, a text file names the newest folder', async () => {
  await mkdir(join(home, 'latest'))
  await createResultsFolder(home, NOON)
  expect(await readFile(join(home, 'latest.txt'), 'utf8')).toBe('2026-03-01T12-00-00Z\n')
})

test('a results folder under a file is an error that names it and the way out', async () => {
  await writeFile(join(home, 'taken'), '')
  const inFile = join(home, 'taken', 'bench-results')
  await expect(createResultsFolder(inFile, NOON)).rejects.toMatchObject({
    code: 'RESULTS',
    message: expect.stringMatching(/taken.bench-results: a part of its path is a file \(ENOTDIR\).*llmBench\(\{ results/),
  })
})

test('no home means no results folders', async () => {
  expect(await listResultsFolders(join(home, 'none'))).toEqual([])
})

const chat = { file: 'benches/chat.bench.ts', test: '100 users keep their SLO', name: 'chat', attempt: 0 }

test("a bench's folder is readable and the same in every run", () => {
  expect(benchFolderName(chat)).toMatch(/^chat_100-users-keep-their-slo_chat_[\da-f]{8}$/)
  expect(benchFolderName({ ...chat })).toBe(benchFolderName(chat))
})

test('benches that differ in anything have different folders', () => {
  const names = [
    chat,
    { ...chat, file: 'other/chat.bench.ts' },
    { ...chat, test: '100 users keep their slo' },
    { ...chat, test: '100-users keep their SLO' },
    { ...chat, test: '100 users', name: 'keep their SLO chat' },
    { ...chat, name: '聊天' },
    { ...chat, name: '闲聊' },
    { ...chat, test: 'x'.repeat(500) },
    { ...chat, test: `${'x'.repeat(500)}y` },
    { ...chat, attempt: 1 },
    { ...chat, attempt: 2 },
  ].map(benchFolderName)
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length)
  expect(benchFolderName({ ...chat, attempt: 1 })).toBe(`${benchFolderName(chat)}_attempt-2`)
})

test.each(['../../etc/passwd', 'con', 'a/b\\c:d*e?"<>|', '...', '', '\u0000\n', '💥', 'é'.repeat(300), 'नमस्ते '.repeat(50), 'trailing. '])(
  'a folder can be made for a bench named %j',
  async (name) => {
    const folder = benchFolderName({ file: name, test: name, name, attempt: 3 })
    expect(folder).toMatch(/^[\p{L}\p{M}\p{N}._-]+$/u)
    expect(folder).not.toMatch(/^\.|\.$|\.\./)
    expect(Buffer.byteLength(folder)).toBeLessThanOrEqual(255)
    await mkdir(join(home, folder))
  },
)

test('names that differ only in their Unicode form share no folder, yet look alike', () => {
  const composed = benchFolderName({ ...chat, name: 'caf\u00E9' })
  const decomposed = benchFolderName({ ...chat, name: 'cafe\u0301' })
  expect(composed).not.toBe(decomposed)
  expect(composed.replace(/_[^_]+$/, '')).toBe(decomposed.replace(/_[^_]+$/, ''))
})

test('only an empty folder is removed', async () => {
  const [empty, full] = [join(home, 'empty'), join(home, 'full')]
  await mkdir(empty)
  await writeFileAtomic(join(full, 'file'), 'data')
  await removeIfEmpty(empty)
  await removeIfEmpty(full)
  await removeIfEmpty(join(home, 'missing'))
  expect(await readdir(home)).toEqual(['full'])
})

test('paths in reports are relative to the root', () => {
  expect(toRootRelative('/project', '/project/bench-results/now/chat')).toBe('bench-results/now/chat')
  expect(toRootRelative('/project', '/elsewhere/now')).toBe('../elsewhere/now')
  expect(toRootRelative('/project', '/project')).toBe('.')
})

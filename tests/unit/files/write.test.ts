import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { replaceFile, writeFileAtomic } from '../../../src/files/write.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-bench-write-'))
})
afterEach(async () => rm(folder, { recursive: true }))

test('a file is replaced whole, in folders that are made for it', async () => {
  const path = join(folder, 'deep/er/file.txt')
  await writeFileAtomic(path, 'old')
  await writeFileAtomic(path, Buffer.from('new'), { sync: true })
  expect(await readFile(path, 'utf8')).toBe('new')
  expect(await readdir(join(folder, 'deep/er'))).toEqual(['file.txt'])
})

test('a write that fails half-way leaves the old file and nothing else', async () => {
  const path = join(folder, 'file.txt')
  await writeFileAtomic(path, 'old')
  const half = replaceFile(path, async (temporary) => {
    await writeFile(temporary, 'ne')
    throw Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC' })
  })
  await expect(half).rejects.toMatchObject({
    name: 'LlmBenchError',
    code: 'RESULTS',
    message: `Cannot write file.txt to the folder ${folder}: no space is left on the device (ENOSPC). Make it writable, or set another one: llmBench({ results: '…' }), or a reporter's outputFile.`,
  })
  expect(await readFile(path, 'utf8')).toBe('old')
  expect(await readdir(folder)).toEqual(['file.txt'])
})

test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
  'a folder without write permission is an error that says so',
  async () => {
    const locked = join(folder, 'locked')
    await mkdir(locked)
    await chmod(locked, 0o500)
    await expect(writeFileAtomic(join(locked, 'file.txt'), '')).rejects.toMatchObject({
      code: 'RESULTS',
      message: expect.stringContaining(`${locked}: permission denied (EACCES)`),
    })
  },
)

test('writers of the same file do not mix', async () => {
  const path = join(folder, 'file.txt')
  const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(100_000))
  await Promise.all(texts.map(async (text) => writeFileAtomic(path, text)))
  expect(texts).toContain(await readFile(path, 'utf8'))
  expect(await readdir(folder)).toEqual(['file.txt'])
})

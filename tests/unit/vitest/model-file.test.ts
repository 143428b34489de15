import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { modelDigestOf } from '../../../src/vitest/model-file.ts'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'models-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

test('another model under the same name has another digest, the same one elsewhere the same', async () => {
  const root = await folder()
  const of = async (name: string, content: Buffer): Promise<string | undefined> => {
    await writeFile(join(root, name), content)
    return modelDigestOf(name, root)
  }
  const large = Buffer.alloc(3 * 2 ** 20, 1)
  const first = await of('a.gguf', large)
  expect(await of('b.gguf', large)).toBe(first)
  const changed = Buffer.from(large)
  changed[100] = 2
  expect(await of('a.gguf', changed)).not.toBe(first)
  expect(await of('a.gguf', Buffer.concat([large, Buffer.from([1])]))).not.toBe(first)
})

test('of a folder the config and the sizes of its files count', async () => {
  const root = await folder()
  await mkdir(join(root, 'm'))
  await writeFile(join(root, 'm/model.safetensors'), '12345')
  await writeFile(join(root, 'm/config.json'), '{"layers":4}')
  const first = await modelDigestOf('m', root)
  await writeFile(join(root, 'm/config.json'), '{"layers":8}')
  const deeper = await modelDigestOf('m', root)
  await writeFile(join(root, 'm/model.safetensors'), '123456')
  expect(new Set([first, deeper, await modelDigestOf('m', root)]).size).toBe(3)
})

test('a name that is no file has none', async () => {
  expect(await modelDigestOf('Qwen/Qwen2.5-7B-Instruct', await folder())).toBeUndefined()
  expect(await modelDigestOf(undefined, '/')).toBeUndefined()
})

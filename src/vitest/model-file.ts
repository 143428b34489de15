import { createHash } from 'node:crypto'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Subject } from './resolve-subject.ts'

/** Bytes at both ends of a file that tell it from others: a model's shape stands at its beginning. */
const END_BYTES = 2 ** 20

/** The file or folder that an engine of ours loads; the engine's own name for it is often the last part of that only. */
export function modelFileOf(subject: Subject): string | undefined {
  if (subject.kind === 'engine') return subject.engine.model
  return subject.target.kind === 'embedded' ? subject.target.model : undefined
}

/**
 * What tells a model's files from others under the same name, without reading gigabytes: sizes, both ends of a file, and a folder's
 * `config.json`.
 * @returns undefined where there is no such file, as for a name on a hub
 */
export async function modelDigestOf(model: string | undefined, root: string): Promise<string | undefined> {
  if (model === undefined) return undefined
  const path = resolve(root, model)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return undefined
  const hash = createHash('sha256')
  if (found.isDirectory()) {
    const names = (await readdir(path)).toSorted()
    for (const name of names) hash.update(`${name} ${(await stat(join(path, name))).size}\n`)
    hash.update(await readFile(join(path, 'config.json')).catch(() => ''))
  } else {
    const file = await open(path)
    try {
      hash.update(`${found.size}\n`)
      for (const position of [0, Math.max(0, found.size - END_BYTES)]) {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(END_BYTES), 0, END_BYTES, position)
        hash.update(buffer.subarray(0, bytesRead))
      }
    } finally {
      await file.close()
    }
  }
  return hash.digest('hex').slice(0, 16)
}

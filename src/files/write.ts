import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { LlmBenchError, messageOf } from '../errors.ts'

/**
 * Writes a file so that a reader sees it whole or not at all: under a temporary name in the same folder, then renamed.
 * The folder is created where it is missing.
 * @param options.sync have the data reach the disk before the rename, so that even a power cut leaves one of both versions whole
 * @throws LlmBenchError `RESULTS` where the folder can't be written
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, options: { sync?: boolean } = {}): Promise<void> {
  await replaceFile(path, async (temporary) => {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(data)
      if (options.sync === true) await file.datasync()
    } finally {
      await file.close()
    }
  })
}

/**
 * Lets `write` make a file under a temporary name in the same folder and gives it its name only when it is done.
 * @throws LlmBenchError `RESULTS` where that fails; the temporary file is gone then
 */
export async function replaceFile(path: string, write: (temporaryPath: string) => void | Promise<void>): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, `.${randomBytes(6).toString('hex')}.tmp`)
  await ensureFolder(folder)
  try {
    await write(temporary)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw resultsError(`write ${basename(path)} to`, folder, error)
  }
}

/**
 * Creates a folder and those above it.
 * @throws LlmBenchError `RESULTS`
 */
export async function ensureFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw resultsError('create', folder, error)
  }
}

/** What a failed attempt to `act` on a folder is told as; an error of this package stays as it is. */
export function resultsError(act: string, folder: string, cause: unknown): LlmBenchError {
  if (cause instanceof LlmBenchError) return cause
  return new LlmBenchError(
    'RESULTS',
    `Cannot ${act} the folder ${folder}: ${reasonOf(cause)}. Make it writable, or set another one: llmBench({ results: '…' }), or a reporter's outputFile.`,
    { cause },
  )
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of its path is a file',
  EEXIST: 'a part of its path is a file',
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  const reason = code === undefined ? undefined : REASONS[code]
  return reason === undefined ? messageOf(error) : `${reason} (${code})`
}

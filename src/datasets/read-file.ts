import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { LlmBenchError, messageOf } from '../errors.ts'

/**
 * The absolute path of a dataset's file, after a look that there is something to read.
 * @throws {LlmBenchError} `DATASET` where it is missing, empty or a folder
 */
export async function existingFile(path: string, root: string): Promise<string> {
  const file = resolve(root, path)
  const found = await stat(file).catch((error: unknown) => {
    const problem = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : `cannot be read (${messageOf(error)})`
    throw new LlmBenchError('DATASET', `dataset ${file} ${problem}; relative paths start from ${root}`, { cause: error })
  })
  if (!found.isFile()) throw new LlmBenchError('DATASET', `dataset ${file} is not a file`)
  if (found.size === 0) throw new LlmBenchError('DATASET', `dataset ${file} is empty`)
  return file
}

/**
 * A file's bytes, piece by piece.
 * @throws {LlmBenchError} `DATASET` where reading fails
 */
export async function* readBytes(file: string): AsyncGenerator<Buffer, void, void> {
  try {
    for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 })) yield piece as Buffer
  } catch (error) {
    throw new LlmBenchError('DATASET', `dataset ${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}

/** A line of a text file, numbered from 1, without its end. */
export interface Line {
  readonly text: string
  readonly number: number
}

const LINE_FEED = 0x0a

/**
 * The lines of a UTF-8 file that are not blank. Node's `readline` would split at U+2028 too, which may stand inside a JSON
 * string.
 * @throws {LlmBenchError} `DATASET` where the file is not UTF-8 or cannot be read
 */
export async function* readLines(file: string): AsyncGenerator<Line, void, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let number = 0
  let parts: Buffer[] = []
  const lineOf = (bytes: Buffer): Line | undefined => {
    number += 1
    let text: string
    try {
      text = decoder.decode(bytes)
    } catch (error) {
      throw new LlmBenchError('DATASET', `${file}:${number} is not UTF-8 text`, { cause: error })
    }
    if (text.endsWith('\r')) text = text.slice(0, -1)
    return text.trim() === '' ? undefined : { text, number }
  }
  for await (const piece of readBytes(file)) {
    let start = 0
    for (let end = piece.indexOf(LINE_FEED); end !== -1; end = piece.indexOf(LINE_FEED, start)) {
      const line = lineOf(parts.length === 0 ? piece.subarray(start, end) : Buffer.concat([...parts, piece.subarray(start, end)]))
      parts = []
      start = end + 1
      if (line) yield line
    }
    if (start < piece.length) parts.push(piece.subarray(start))
  }
  const last = parts.length > 0 ? lineOf(Buffer.concat(parts)) : undefined
  if (last) yield last
}

import { basename } from 'node:path'
import type { TextSpec } from '../dsl/datasets.ts'
import type { DatasetContext, DatasetRow } from './dataset.ts'
import { rowOfText } from './messages.ts'
import { existingFile, readLines } from './read-file.ts'
import type { LoadedRows } from './rows.ts'

/**
 * Reads a text file, a prompt a line, no further than the limit; blank lines are skipped.
 * @throws {LlmBenchError} `DATASET` where the file can't be read or is not UTF-8
 */
export async function loadText(spec: TextSpec, context: DatasetContext): Promise<LoadedRows> {
  const file = await existingFile(spec.path, context.root)
  const rows: DatasetRow[] = []
  for await (const line of readLines(file)) {
    rows.push(rowOfText(line.text))
    if (rows.length === context.limit) break
  }
  return { name: `text ${basename(file)}`, rows, notes: [] }
}

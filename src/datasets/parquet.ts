import { basename } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { LlmBenchError, messageOf } from '../errors.ts'
import type { ParquetSpec } from '../dsl/datasets.ts'
import type { DatasetContext, DatasetRow } from './dataset.ts'
import { rowOf } from './messages.ts'
import { existingFile } from './read-file.ts'
import type { LoadedRows } from './rows.ts'

/**
 * Reads prompts from a column of a Parquet file, row group by row group and no further than the limit.
 * @throws {LlmBenchError} `DATASET` for a file that can't be read, a column that it lacks, or a row without a prompt
 */
export async function loadParquet(spec: ParquetSpec, context: DatasetContext): Promise<LoadedRows> {
  const path = await existingFile(spec.path, context.root)
  const { column } = spec
  const readable = async <Value>(reading: Promise<Value>): Promise<Value> =>
    reading.catch((error: unknown) => {
      throw new LlmBenchError('DATASET', `dataset ${path} is no Parquet file that can be read: ${messageOf(error)}`, { cause: error })
    })
  const file = await readable(asyncBufferFromFile(path))
  const metadata = await readable(parquetMetadataAsync(file))
  const columns = parquetSchema(metadata).children.map((child) => child.element.name)
  if (!columns.includes(column)) {
    throw new LlmBenchError(
      'DATASET',
      `dataset ${path} has no column \`${column}\`; it has: ${columns.join(', ')}. Name one: parquet(path, { column })`,
    )
  }
  const rows: DatasetRow[] = []
  const end = Math.min(Number(metadata.num_rows), context.limit ?? Infinity)
  let rowStart = 0
  for (const group of metadata.row_groups) {
    if (rowStart >= end) break
    const rowEnd = Math.min(rowStart + Number(group.num_rows), end)
    const read = await readable(parquetReadObjects({ file, metadata, compressors, columns: [column], rowStart, rowEnd }))
    for (const [index, value] of read.entries()) {
      rows.push(rowOf(value[column], `${path}: \`${column}\` of row ${rowStart + index} (counted from 0)`))
    }
    rowStart = rowEnd
  }
  return { name: `parquet ${basename(path)} (${column})`, rows, notes: [] }
}

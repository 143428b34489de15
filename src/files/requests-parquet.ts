import { open } from 'node:fs/promises'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type SchemaElement } from 'hyparquet'
import { LlmBenchError, messageOf } from '../errors.ts'
import { ColumnBuilder, ERROR_KINDS, type ErrorKind, type RequestColumns } from '../metrics/columns.ts'
import type { RequestRecord } from '../metrics/record.ts'
import { floatLists, labelColumn, optionalNumbers, optionalTimes, requiredNumbers, type EncodedColumn } from './parquet/columns.ts'
import { ParquetFile } from './parquet/writer.ts'
import { replaceFile } from './write.ts'

/** Key of the file's metadata under which the run's origin stands, a decimal number of nanoseconds. */
const ORIGIN_KEY = 'vitest-llm-bench.originNs'

/** Bounds on a row group, which is written as a whole, and whose gaps are JavaScript arrays while it is read. */
const GROUP_ROWS = 50_000
const GROUP_GAPS = 1_000_000

const TIMES = {
  scheduled_ns: 'scheduledNs',
  sent_ns: 'sentNs',
  first_token_ns: 'firstTokenNs',
  first_answer_ns: 'firstAnswerNs',
  last_token_ns: 'lastTokenNs',
} as const

const SCHEMA: SchemaElement[] = [
  { name: 'root', num_children: 19 },
  { name: 'index', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'client', type: 'INT32', repetition_type: 'OPTIONAL' },
  { name: 'batch', type: 'INT32', repetition_type: 'OPTIONAL' },
  { name: 'prompt_index', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'sample_index', type: 'INT32', repetition_type: 'REQUIRED' },
  ...Object.keys(TIMES).map((name): SchemaElement => ({ name, type: 'INT64', repetition_type: 'OPTIONAL' })),
  { name: 'connect_ns', type: 'INT64', repetition_type: 'OPTIONAL' },
  { name: 'prompt_tokens', type: 'INT32', repetition_type: 'OPTIONAL' },
  { name: 'output_tokens', type: 'INT32', repetition_type: 'OPTIONAL' },
  { name: 'chunks', type: 'INT32', repetition_type: 'REQUIRED' },
  { name: 'status', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'error_kind', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'finish_reason', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'target', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
  { name: 'gaps_ms', repetition_type: 'REQUIRED', num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
]

/**
 * Writes a run's requests as Parquet (Snappy), a row each, in their order. Times are int64 on the clock of
 * `process.hrtime.bigint()`; what is unknown is null. The file appears whole or not at all.
 * @throws LlmBenchError `RESULTS`
 */
export async function writeRequestsParquet(path: string, record: Pick<RequestRecord, 'columns' | 'originNs'>): Promise<void> {
  const { columns, originNs } = record
  await replaceFile(path, async (temporary) => {
    const file = await open(temporary, 'wx')
    try {
      const parquet = new ParquetFile(file)
      for (let start = 0; start < columns.length;) {
        const end = groupEnd(columns, start)
        await parquet.writeGroup(groupOf(columns, originNs, start, end))
        start = end
      }
      await parquet.finish(SCHEMA, [{ key: ORIGIN_KEY, value: String(originNs) }], 'vitest-llm-bench')
    } finally {
      await file.close()
    }
  })
}

function groupEnd(columns: RequestColumns, start: number): number {
  const lastGap = columns.gapOffsets[start]! + GROUP_GAPS
  let end = start + 1
  while (end < columns.length && end - start < GROUP_ROWS && columns.gapOffsets[end + 1]! <= lastGap) end++
  return end
}

const STATUS = ['failed', 'completed']

function groupOf(columns: RequestColumns, originNs: bigint, start: number, end: number): EncodedColumn[] {
  const index = Int32Array.from({ length: end - start }, (_, i) => start + i)
  const labels = (name: string, column: Uint8Array, texts: readonly string[], required = false): EncodedColumn =>
    labelColumn(name, column.subarray(start, end), texts, required)
  return [
    requiredNumbers('index', index),
    optionalNumbers('client', columns.client.subarray(start, end)),
    optionalNumbers('batch', columns.batch.subarray(start, end)),
    requiredNumbers('prompt_index', columns.promptIndex.subarray(start, end)),
    requiredNumbers('sample_index', columns.sampleIndex.subarray(start, end)),
    ...Object.entries(TIMES).map(([name, key]) => optionalTimes(name, columns[key].subarray(start, end), originNs)),
    optionalTimes('connect_ns', columns.connectNs.subarray(start, end), 0n),
    optionalNumbers('prompt_tokens', columns.promptTokens.subarray(start, end)),
    optionalNumbers('output_tokens', columns.outputTokens.subarray(start, end)),
    requiredNumbers('chunks', columns.chunks.subarray(start, end)),
    labels('status', columns.completed, STATUS, true),
    labels('error_kind', columns.errorKind, ERROR_KINDS),
    labels('finish_reason', columns.finishReason, columns.finishReasons),
    labels('target', columns.target, columns.targets),
    floatLists('gaps_ms', columns.gapsMs, columns.gapOffsets.subarray(start, end + 1)),
  ]
}

interface ParquetRow {
  client: number | null
  batch: number | null
  prompt_index: number
  sample_index: number
  scheduled_ns: bigint | null
  sent_ns: bigint | null
  first_token_ns: bigint | null
  first_answer_ns: bigint | null
  last_token_ns: bigint | null
  connect_ns: bigint | null
  prompt_tokens: number | null
  output_tokens: number | null
  chunks: number
  status: 'completed' | 'failed'
  error_kind: ErrorKind | null
  finish_reason: string | null
  target: string | null
  gaps_ms: number[]
}

/**
 * Reads what {@link writeRequestsParquet} wrote.
 * @throws LlmBenchError `RESULTS` where there is no such file or it is not one of ours
 */
export async function readRequestsParquet(path: string): Promise<{ columns: RequestColumns; originNs: bigint }> {
  try {
    const file = await asyncBufferFromFile(path)
    return await readColumns(file)
  } catch (error) {
    throw new LlmBenchError('RESULTS', `Cannot read requests from ${path}: ${messageOf(error)}. It must be a requests.parquet of a run.`, {
      cause: error,
    })
  }
}

async function readColumns(file: AsyncBuffer): Promise<{ columns: RequestColumns; originNs: bigint }> {
  const metadata = await parquetMetadataAsync(file)
  const origin = metadata.key_value_metadata?.find(({ key }) => key === ORIGIN_KEY)?.value
  if (origin === undefined) throw new Error(`it has no ${ORIGIN_KEY} in its metadata`)
  const originNs = BigInt(origin)
  const relative = (time: bigint | null): number => (time === null ? Number.NaN : Number(time - originNs))

  const builder = new ColumnBuilder(Number(metadata.num_rows))
  let rowStart = 0
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows)
    const rows = (await parquetReadObjects({ file, metadata, rowStart, rowEnd })) as ParquetRow[]
    for (const row of rows) {
      builder.append({
        client: row.client ?? -1,
        batch: row.batch ?? -1,
        promptIndex: row.prompt_index,
        sampleIndex: row.sample_index,
        scheduledNs: relative(row.scheduled_ns),
        sentNs: relative(row.sent_ns),
        firstTokenNs: relative(row.first_token_ns),
        firstAnswerNs: relative(row.first_answer_ns),
        lastTokenNs: relative(row.last_token_ns),
        connectNs: row.connect_ns === null ? Number.NaN : Number(row.connect_ns),
        promptTokens: row.prompt_tokens ?? -1,
        outputTokens: row.output_tokens ?? -1,
        chunks: row.chunks,
        completed: row.status === 'completed',
        ...(row.error_kind === null ? {} : { errorKind: row.error_kind }),
        finishReason: row.finish_reason ?? '',
        target: row.target ?? '',
        gapsMs: row.gaps_ms,
      })
    }
    rowStart = rowEnd
  }
  return { columns: builder.finish(), originNs }
}

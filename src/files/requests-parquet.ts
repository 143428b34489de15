import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type SchemaElement } from 'hyparquet'
import { fileWriter, ParquetWriter, type ColumnSource } from 'hyparquet-writer'
import { LlmBenchError, messageOf } from '../errors.ts'
import { ColumnBuilder, ERROR_KINDS, type ErrorKind, type RequestColumns } from '../metrics/columns.ts'
import type { RequestRecord } from '../metrics/record.ts'
import { replaceFile } from './write.ts'

/** Key of the file's metadata under which the run's origin stands, a decimal number of nanoseconds. */
const ORIGIN_KEY = 'vitest-llm-bench.originNs'

/** Bounds on a row group: a group's gaps become JavaScript arrays while it is written or read. */
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
  await replaceFile(path, (temporary) => {
    const writer = new ParquetWriter({
      writer: fileWriter(temporary),
      schema: SCHEMA,
      kvMetadata: [{ key: ORIGIN_KEY, value: String(originNs) }],
      createdBy: 'vitest-llm-bench',
    })
    for (let start = 0; start < columns.length;) {
      const end = groupEnd(columns, start)
      void writer.write({ columnData: groupOf(columns, originNs, start, end), rowGroupSize: end - start })
      start = end
    }
    void writer.finish()
  })
}

function groupEnd(columns: RequestColumns, start: number): number {
  const lastGap = columns.gapOffsets[start]! + GROUP_GAPS
  let end = start + 1
  while (end < columns.length && end - start < GROUP_ROWS && columns.gapOffsets[end + 1]! <= lastGap) end++
  return end
}

function groupOf(columns: RequestColumns, originNs: bigint, start: number, end: number): ColumnSource[] {
  const each = <Value>(value: (i: number) => Value): Value[] => Array.from({ length: end - start }, (_, i) => value(start + i))
  const count = (column: Int32Array): (number | null)[] => each((i) => (column[i]! < 0 ? null : column[i]!))
  const nanoseconds = (column: Float64Array, origin: bigint): (bigint | null)[] =>
    each((i) => (Number.isNaN(column[i]) ? null : origin + BigInt(Math.round(column[i]!))))
  const text = (column: Uint8Array, labels: readonly string[]): (string | null)[] => each((i) => labels[column[i]!] || null)
  const times = Object.entries(TIMES).map(([name, key]) => ({ name, data: nanoseconds(columns[key], originNs), ...DELTA }))

  return [
    { name: 'index', data: each((i) => i), ...DELTA },
    { name: 'client', data: count(columns.client) },
    { name: 'batch', data: count(columns.batch) },
    { name: 'prompt_index', data: columns.promptIndex.subarray(start, end) },
    { name: 'sample_index', data: columns.sampleIndex.subarray(start, end) },
    ...times,
    { name: 'connect_ns', data: nanoseconds(columns.connectNs, 0n), ...DELTA },
    { name: 'prompt_tokens', data: count(columns.promptTokens) },
    { name: 'output_tokens', data: count(columns.outputTokens) },
    { name: 'chunks', data: columns.chunks.subarray(start, end) },
    { name: 'status', data: each((i) => (columns.completed[i] === 1 ? 'completed' : 'failed')) },
    { name: 'error_kind', data: text(columns.errorKind, ERROR_KINDS) },
    { name: 'finish_reason', data: text(columns.finishReason, columns.finishReasons) },
    { name: 'target', data: text(columns.target, columns.targets) },
    {
      name: 'gaps_ms',
      data: each((i) => Array.from(columns.gapsMs.subarray(columns.gapOffsets[i], columns.gapOffsets[i + 1]))),
      // Times of a steady stream share their exponent bytes, which compress only where they lie together.
      encoding: 'BYTE_STREAM_SPLIT',
    },
  ]
}

/** Times that follow each other differ little, though they are all different. */
const DELTA = { encoding: 'DELTA_BINARY_PACKED' } as const

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

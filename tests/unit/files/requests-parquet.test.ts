import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from 'hyparquet'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readRequestsParquet, writeRequestsParquet } from '../../../src/files/requests-parquet.ts'
import { ColumnBuilder, type RequestRow } from '../../../src/metrics/columns.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-bench-parquet-'))
  path = join(folder, 'requests.parquet')
})
afterEach(async () => rm(folder, { recursive: true }))

/** 200 days of uptime: past what a double holds exactly in ns. */
const ORIGIN = 17_280_000_000_000_001n

function columnsOf(rows: readonly RequestRow[]): ReturnType<ColumnBuilder['finish']> {
  const builder = new ColumnBuilder()
  for (const row of rows) builder.append(row)
  return builder.finish()
}

const completed: RequestRow = {
  client: 3,
  promptIndex: 17,
  scheduledNs: 10,
  sentNs: 11,
  firstTokenNs: 1_000_000,
  firstAnswerNs: 2_000_000,
  lastTokenNs: 5_000_001,
  connectNs: 4321,
  promptTokens: 8,
  outputTokens: 4,
  chunks: 3,
  completed: true,
  finishReason: 'length',
  target: 'http://127.0.0.1:8000/v1',
  gapsMs: [1.5, 2.25],
}
const failed: RequestRow = { batch: 1, promptIndex: 0, sampleIndex: 2, scheduledNs: 20, completed: false, errorKind: 'connect' }

test('columns stand in the documented order with the documented types', async () => {
  await writeRequestsParquet(path, { columns: columnsOf([completed]), originNs: ORIGIN })
  const { children } = parquetSchema(await parquetMetadataAsync(await asyncBufferFromFile(path)))
  expect(children.map(({ element }) => [element.name, element.type ?? element.converted_type])).toEqual([
    ['index', 'INT32'],
    ['client', 'INT32'],
    ['batch', 'INT32'],
    ['prompt_index', 'INT32'],
    ['sample_index', 'INT32'],
    ['scheduled_ns', 'INT64'],
    ['sent_ns', 'INT64'],
    ['first_token_ns', 'INT64'],
    ['first_answer_ns', 'INT64'],
    ['last_token_ns', 'INT64'],
    ['connect_ns', 'INT64'],
    ['prompt_tokens', 'INT32'],
    ['output_tokens', 'INT32'],
    ['chunks', 'INT32'],
    ['status', 'BYTE_ARRAY'],
    ['error_kind', 'BYTE_ARRAY'],
    ['finish_reason', 'BYTE_ARRAY'],
    ['target', 'BYTE_ARRAY'],
    ['gaps_ms', 'LIST'],
  ])
  expect(children.at(-1)!.children[0]!.children[0]!.element).toMatchObject({ name: 'element', type: 'FLOAT' })
})

test('times are on the clock of process.hrtime, exact to the nanosecond, and what is unknown is null', async () => {
  await writeRequestsParquet(path, { columns: columnsOf([completed, failed]), originNs: ORIGIN })
  expect(await parquetReadObjects({ file: await asyncBufferFromFile(path) })).toEqual([
    {
      index: 0,
      client: 3,
      batch: null,
      prompt_index: 17,
      sample_index: 0,
      scheduled_ns: ORIGIN + 10n,
      sent_ns: ORIGIN + 11n,
      first_token_ns: ORIGIN + 1_000_000n,
      first_answer_ns: ORIGIN + 2_000_000n,
      last_token_ns: ORIGIN + 5_000_001n,
      connect_ns: 4321n,
      prompt_tokens: 8,
      output_tokens: 4,
      chunks: 3,
      status: 'completed',
      error_kind: null,
      finish_reason: 'length',
      target: 'http://127.0.0.1:8000/v1',
      gaps_ms: [1.5, 2.25],
    },
    {
      index: 1,
      client: null,
      batch: 1,
      prompt_index: 0,
      sample_index: 2,
      scheduled_ns: ORIGIN + 20n,
      sent_ns: null,
      first_token_ns: null,
      first_answer_ns: null,
      last_token_ns: null,
      connect_ns: null,
      prompt_tokens: null,
      output_tokens: null,
      chunks: 0,
      status: 'failed',
      error_kind: 'connect',
      finish_reason: null,
      target: null,
      gaps_ms: [],
    },
  ])
})

test.each([
  ['no request', []],
  ['one request', [completed]],
  ['only failures', [failed, failed]],
  ['completed and failed ones', [completed, failed, completed]],
])('%s can be read back as it was', async (_, rows) => {
  const columns = columnsOf(rows)
  await writeRequestsParquet(path, { columns, originNs: ORIGIN })
  expect(await readRequestsParquet(path)).toEqual({ columns, originNs: ORIGIN })
  expect(await readdir(folder)).toEqual(['requests.parquet'])
})

test('a run of many row groups can be read back as it was', async () => {
  const rows = Array.from({ length: 51_000 }, (_, i): RequestRow => ({
    ...completed,
    client: i % 100,
    promptIndex: i % 1000,
    scheduledNs: i * 1000,
    lastTokenNs: i * 1000 + (i % 7) * 1e9,
    gapsMs: Float32Array.from({ length: i % 3 }, (_, gap) => i / 7 + gap),
  }))
  const columns = columnsOf(rows)
  await writeRequestsParquet(path, { columns, originNs: ORIGIN })
  const back = await readRequestsParquet(path)
  for (const [name, column] of Object.entries(columns)) {
    const other = back.columns[name as keyof typeof columns]
    const same = ArrayBuffer.isView(column) ? Buffer.compare(bytesOf(column), bytesOf(other as typeof column)) === 0 : undefined
    if (same === undefined) expect(other, name).toEqual(column)
    else expect(same, name).toBe(true)
  }
})

test('an answer longer than a row group has room for is kept whole', async () => {
  const columns = columnsOf([completed, { ...completed, gapsMs: new Float32Array(1_200_000).fill(0.5) }, completed])
  await writeRequestsParquet(path, { columns, originNs: 0n })
  const back = await readRequestsParquet(path)
  expect(back.columns.gapOffsets).toEqual(columns.gapOffsets)
})

test('a file that is no requests.parquet is an error that names it', async () => {
  await writeFile(path, 'not Parquet')
  await expect(readRequestsParquet(path)).rejects.toMatchObject({ code: 'RESULTS', message: expect.stringContaining(path) })
  await expect(readRequestsParquet(join(folder, 'none.parquet'))).rejects.toMatchObject({ code: 'RESULTS' })
})

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength)
}

import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { parquetMetadata } from 'hyparquet'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { expect, test } from 'vitest'
import { gsm8k, parquet } from '../../../src/dsl/datasets.ts'
import { failureOf, folderOf, hasSharedData, load, prompts, SHARED_DATA } from './files.ts'

type WriteOptions = Parameters<typeof parquetWriteBuffer>[0]
type Column = WriteOptions['columnData'][number]

function fileOf(columnData: Column[], options: Partial<WriteOptions> = {}): string {
  return folderOf({ 'a.parquet': new Uint8Array(parquetWriteBuffer({ columnData, ...options })) })
}

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' } as const
const CHAT: WriteOptions['schema'] = [
  { name: 'root', num_children: 1 },
  { name: 'prompt', repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', repetition_type: 'OPTIONAL', num_children: 2 },
  { name: 'content', ...text },
  { name: 'role', ...text },
]
const chatFile = (rows: unknown[]): string => fileOf([{ name: 'prompt', data: rows }], { schema: CHAT })

/** An LZ4 block of literals only: valid, if not small. */
function lz4(input: Uint8Array): Uint8Array {
  const head = [Math.min(input.length, 15) << 4]
  if (input.length >= 15) {
    let rest = input.length - 15
    for (; rest >= 255; rest -= 255) head.push(255)
    head.push(rest)
  }
  return Buffer.concat([Uint8Array.from(head), input])
}

/** The framing of LZ4 in Hadoop's files: both lengths before the block. */
function hadoopLz4(input: Uint8Array): Uint8Array {
  const block = lz4(input)
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(input.length, 0)
  lengths.writeUInt32BE(block.length, 4)
  return Buffer.concat([lengths, block])
}

const texts = Array.from({ length: 300 }, (_, i) => `Question ${i}: what is ${i} times ${i + 1}? ü 😀`)

test.for<[NonNullable<WriteOptions['codec']>, WriteOptions['compressors']]>([
  ['UNCOMPRESSED', undefined],
  ['SNAPPY', undefined],
  ['GZIP', { GZIP: (input) => gzipSync(input) }],
  ['ZSTD', { ZSTD: (input) => zstdCompressSync(input) }],
  ['BROTLI', { BROTLI: (input) => brotliCompressSync(input) }],
  ['LZ4_RAW', { LZ4_RAW: lz4 }],
  ['LZ4', { LZ4: hadoopLz4 }],
])('a column of texts compressed by %s is read', async ([codec, compressors]) => {
  const root = fileOf([{ name: 'prompt', data: texts }], { codec, ...(compressors && { compressors }), rowGroupSize: 100 })
  const dataset = await load(parquet('a.parquet'), root)
  expect(dataset.name).toBe('parquet a.parquet (prompt)')
  expect(prompts(dataset)).toEqual(texts)
})

test('all messages of a list become the prompt', async () => {
  const root = chatFile([
    [{ content: 'a', role: 'user' }],
    [
      { content: 'Be brief.', role: 'system' },
      { content: 'b', role: 'user' },
      { content: 'c', role: 'assistant' },
      { content: 'd', role: 'user' },
      { content: 'e', role: 'assistant' },
    ],
  ])
  const { rows } = await load(parquet('a.parquet'), root)
  expect(rows).toEqual([
    { messages: [{ role: 'user', content: 'a' }], userTurns: ['a'] },
    {
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'b' },
        { role: 'assistant', content: 'c' },
        { role: 'user', content: 'd' },
      ],
      userTurns: ['b', 'd'],
    },
  ])
})

test('a text that looks like JSON is a text', async () => {
  const root = fileOf([{ name: 'prompt', data: ['[{"role":"user","content":"a"}]'] }])
  expect(prompts(await load(parquet('a.parquet'), root))).toEqual(['[{"role":"user","content":"a"}]'])
})

test('a limit reads no row group beyond it', async () => {
  const bytes = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'prompt', data: texts }], rowGroupSize: 100 }))
  const second = parquetMetadata(bytes.buffer).row_groups[1]!.columns[0]!.meta_data!
  bytes.fill(0xff, Number(second.data_page_offset), Number(second.data_page_offset) + 40)
  const root = folderOf({ 'a.parquet': bytes })
  expect(prompts(await load(parquet('a.parquet'), root, { limit: 100 }))).toEqual(texts.slice(0, 100))
  expect(await failureOf(load(parquet('a.parquet'), root, { limit: 101 }))).toMatch(/a\.parquet is no Parquet file that can be read: /)
})

test('a limit inside a row group takes its first rows', async () => {
  const root = fileOf([{ name: 'prompt', data: texts }], { rowGroupSize: 100 })
  expect(prompts(await load(parquet('a.parquet'), root, { limit: 150 }))).toEqual(texts.slice(0, 150))
})

test('a limit beyond the rows names both numbers', async () => {
  expect(await failureOf(load(parquet('a.parquet'), fileOf([{ name: 'prompt', data: ['a', 'b'] }]), { limit: 3 }))).toBe(
    '`limit: 3` is beyond the 2 rows of dataset parquet a.parquet (prompt): lower it, or leave it out to use all',
  )
})

test('a column that the file lacks is answered by those that it has', async () => {
  const root = fileOf([
    { name: 'question', data: ['a'] },
    { name: 'answer', data: ['b'] },
  ])
  expect(await failureOf(load(parquet('a.parquet'), root))).toMatch(
    /has no column `prompt`; it has: question, answer\. Name one: parquet\(path, \{ column \}\)$/,
  )
  expect(prompts(await load(parquet('a.parquet', { column: 'question' }), root))).toEqual(['a'])
})

test.for<[string, () => string, RegExp]>([
  ['a null text', () => fileOf([{ name: 'prompt', data: ['a', null, 'c'] }]), /`prompt` of row 1 \(counted from 0\) is null/],
  ['a null list', () => chatFile([[{ content: 'a', role: 'user' }], null]), /`prompt` of row 1 \(counted from 0\) is null/],
  ['an empty text', () => fileOf([{ name: 'prompt', data: ['', 'c'] }]), /`prompt` of row 0 \(counted from 0\) is empty/],
  [
    'numbers',
    () => fileOf([{ name: 'prompt', data: [1, 2] }]),
    /row 0 \(counted from 0\) is a number: expected a text or a list of chat messages/,
  ],
  ['an empty list', () => chatFile([[]]), /row 0 \(counted from 0\) has no user message/],
  ['a null content', () => chatFile([[{ content: null, role: 'user' }]]), /row 0 .*, message 0 has null as its content: expected a text/],
  [
    'an unknown role',
    () => chatFile([[{ content: 'a', role: 'tool' }]]),
    /message 0 has the role "tool": expected system, user or assistant/,
  ],
])('a row with %s is named', async ([, root, message]) => {
  expect(await failureOf(load(parquet('a.parquet'), root()))).toMatch(message)
})

test.for<[string, Record<string, string | Uint8Array>, RegExp]>([
  ['missing', {}, /dataset \/.*a\.parquet does not exist; relative paths start from \/.*/],
  ['empty', { 'a.parquet': '' }, /a\.parquet is empty$/],
  ['no Parquet', { 'a.parquet': 'hello, this is text' }, /a\.parquet is no Parquet file that can be read: .*footer/],
  [
    'cut off',
    { 'a.parquet': new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'prompt', data: texts }] })).slice(0, 500) },
    /is no Parquet file that can be read/,
  ],
  ['tiny', { 'a.parquet': 'PAR1' }, /is no Parquet file that can be read/],
])('a file that is %s is refused', async ([, files, message]) => {
  expect(await failureOf(load(parquet('a.parquet'), folderOf(files)))).toMatch(message)
})

test('a file without rows is refused', async () => {
  const root = fileOf([{ name: 'prompt', data: [], type: 'STRING' }])
  expect(await failureOf(load(parquet('a.parquet'), root))).toBe('dataset parquet a.parquet (prompt) has no rows')
})

test('a folder is refused', async () => {
  expect(await failureOf(load(parquet('.'), folderOf({})))).toMatch(/is not a file$/)
})

test.skipIf(!hasSharedData)('GSM8K in its instruct form gives one user message a row', async () => {
  const { rows } = await load(gsm8k('gsm8k-instruct.parquet'), SHARED_DATA, { limit: 1319 })
  expect(rows).toHaveLength(1319)
  expect(rows[0]!.messages).toHaveLength(1)
  expect(rows[0]!.userTurns[0]).toMatch(/^Janet’s ducks lay 16 eggs per day.*"####"\.$/)
  expect(await failureOf(load(gsm8k('gsm8k-instruct.parquet'), SHARED_DATA, { limit: 1320 }))).toMatch(
    /`limit: 1320` is beyond the 1319 rows/,
  )
})

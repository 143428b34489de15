import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { encodeTinyModel, ensureTinyFolder, ensureTinyModel } from '../../../src/engines/llama/tiny-model.ts'
import { tinyTokenizerJson, tinyVocabulary } from '../../../src/engines/llama/tiny-vocabulary.ts'
import { float16Bits, xorshift32 } from '../../../src/engines/llama/tiny-weights.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiny-model-'))
})
afterAll(() => rm(folder, { recursive: true }))

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('writers that race leave two whole files and nothing else', async () => {
  const cacheFolder = join(folder, 'race')
  const [files, ...others] = await Promise.all(Array.from({ length: 3 }, () => ensureTinyModel({ cacheFolder })))
  for (const other of others) expect(other).toEqual(files)
  expect(await readdir(cacheFolder)).toHaveLength(2)
  expect(sha256(await readFile(files!.gguf))).toBe(sha256(encodeTinyModel()))
  expect(JSON.parse(await readFile(files!.tokenizer, 'utf8'))).toEqual(tinyTokenizerJson())
})

test('the folder for transformers holds the same weights, and is written once by writers that race', async () => {
  const cacheFolder = join(folder, 'race-folder')
  const [path, ...others] = await Promise.all(Array.from({ length: 3 }, () => ensureTinyFolder({ cacheFolder })))
  for (const other of others) expect(other).toBe(path)
  expect(await readdir(cacheFolder)).toHaveLength(1)
  expect(JSON.parse(await readFile(join(path!, 'tokenizer.json'), 'utf8'))).toEqual(tinyTokenizerJson())
  const { vocab_size: words, hidden_size: width } = JSON.parse(await readFile(join(path!, 'config.json'), 'utf8')) as Record<string, number>
  const bytes = await readFile(join(path!, 'model.safetensors'))
  const headEnd = 8 + Number(bytes.readBigUInt64LE())
  const head = JSON.parse(bytes.subarray(8, headEnd).toString()) as Record<string, { shape: number[]; data_offsets: [number, number] }>
  expect(headEnd % 8).toBe(0)
  expect(head['model.embed_tokens.weight']).toMatchObject({ dtype: 'F16', shape: [words, width] })
  expect(head['model.layers.3.mlp.down_proj.weight']).toMatchObject({ shape: [width, 2 * width!] })
  expect(Math.max(...Object.values(head).map(({ data_offsets: ends }) => ends?.[1] ?? 0))).toBe(bytes.length - headEnd)
  // Rows of a head lie in pairs there, and in halves here: row 1 there is row 16 of 32 here.
  const { data_offsets: at } = head['model.layers.0.self_attn.q_proj.weight']!
  const gguf = encodeTinyModel()
  const row = (index: number): Buffer => bytes.subarray(headEnd + at[0] + index * 2 * width!, headEnd + at[0] + (index + 1) * 2 * width!)
  expect(gguf.indexOf(Buffer.concat([row(0), row(16), row(1), row(17)]))).toBeGreaterThan(0)
})

test('files that are there are not written again', async () => {
  const cacheFolder = join(folder, 'again')
  const { gguf } = await ensureTinyModel({ cacheFolder })
  const { mtimeMs } = await stat(gguf)
  await ensureTinyModel({ cacheFolder })
  expect((await stat(gguf)).mtimeMs).toBe(mtimeMs)
})

test('LLM_BENCH_CACHE names the cache folder', async () => {
  vi.stubEnv('LLM_BENCH_CACHE', join(folder, 'from-environment'))
  try {
    expect((await ensureTinyModel()).gguf).toMatch(/from-environment[\\/]tiny-llama-[0-9a-f]{12}\.gguf$/)
  } finally {
    vi.unstubAllEnvs()
  }
})

test('a cache folder that can not be written gives an error with the way out', async () => {
  const { gguf } = await ensureTinyModel({ cacheFolder: folder })
  await expect(ensureTinyModel({ cacheFolder: join(gguf, 'inside-a-file') })).rejects.toThrow(
    /tiny model can't be written to .*LLM_BENCH_CACHE/,
  )
})

test('text of spoken tokens tokenises into just those tokens', () => {
  const { entries, spoken } = tinyVocabulary()
  const tokenizer = new Tokenizer(tinyTokenizerJson(), {})
  const ids = [...spoken]
  const next = xorshift32(7)
  const said = Array.from({ length: 500 }, () => ids[next() % ids.length]!)
  const text = said.map((id) => entries[id]!.text.replaceAll('▁', ' ')).join('')
  expect(tokenizer.encode(text, { add_special_tokens: false }).ids).toEqual(said)
  expect(tokenizer.decode(said)).toBe(text)
})

test('half-precision bits are those of the nearest number', () => {
  const cases: [number, number][] = [
    [0, 0x0000],
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [2047.9, 0x6800],
    [1e-9, 0x0000],
  ]
  for (const [value, bits] of cases) expect(float16Bits(value)).toBe(bits)
})

import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../../cache-folder.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'
import { encodeGguf } from './gguf-writer.ts'
import type { GgufValue } from './gguf-writer.ts'
import { tinyFolderFiles } from './tiny-folder.ts'
import { TINY_CHAT_TEMPLATE, tinyTokenizerJson, tinyVocabulary } from './tiny-vocabulary.ts'
import type { TinyVocabulary } from './tiny-vocabulary.ts'
import { tinyWeights } from './tiny-weights.ts'
import type { TinyShape } from './tiny-weights.ts'

/** Name of the generated model, as servers and reports show it. */
export const TINY_MODEL_NAME = 'tiny-llama'

const SHAPE: TinyShape = { layers: 4, width: 128, feedForward: 256, heads: 4, kvHeads: 2, seed: 1 }
const CONTEXT_LENGTH = 8192
/** Goes up with every change of the recipe that the digest below does not see. */
const RECIPE = 1

const uint32 = (value: number): GgufValue => ({ type: 'uint32', value })
const float32 = (value: number): GgufValue => ({ type: 'float32', value })
const string = (value: string): GgufValue => ({ type: 'string', value })
const bool = (value: boolean): GgufValue => ({ type: 'bool', value })

/** Where the generated model lies. */
export interface TinyModelFiles {
  readonly gguf: string
  readonly tokenizer: string
}

/**
 * Writes the tiny model and its `tokenizer.json` into a cache folder, where they are not there yet. Several processes may do so at
 * the same time: each writes a file of its own and renames it.
 * @param options.cacheFolder default: `LLM_BENCH_CACHE`, else `vitest-llm-bench` in the system's folder for caches
 * @throws {LlmBenchError} `ENGINE` where the folder can't be written
 */
export async function ensureTinyModel(options: { cacheFolder?: string } = {}): Promise<TinyModelFiles> {
  const tokenizerJson = JSON.stringify(tinyTokenizerJson())
  return inCache(options.cacheFolder, tokenizerJson, async (stem) => {
    const files = { gguf: `${stem}.gguf`, tokenizer: `${stem}.tokenizer.json` }
    if (!existsSync(files.tokenizer)) await writeWhole(files.tokenizer, (draft) => writeFile(draft, tokenizerJson))
    if (!existsSync(files.gguf)) await writeWhole(files.gguf, (draft) => writeFile(draft, encodeTinyModel()))
    return files
  })
}

/**
 * Writes the tiny model as a folder that Hugging Face's transformers reads, where it is not there yet; in the same way.
 * @param options.cacheFolder default: that of {@link ensureTinyModel}
 * @returns the folder's path
 * @throws {LlmBenchError} `ENGINE` where the folder can't be written
 */
export function ensureTinyFolder(options: { cacheFolder?: string } = {}): Promise<string> {
  const tokenizerJson = JSON.stringify(tinyTokenizerJson())
  return inCache(options.cacheFolder, tokenizerJson, async (stem) => {
    if (existsSync(stem)) return stem
    const files = { ...tinyFolderFiles(SHAPE, CONTEXT_LENGTH), 'tokenizer.json': tokenizerJson }
    await writeWhole(stem, async (draft) => {
      await mkdir(draft)
      for (const [name, content] of Object.entries(files)) await writeFile(join(draft, name), content)
    })
    return stem
  })
}

/** @param write gets the path in the cache that the model's files begin with */
async function inCache<Result>(
  folder: string = cacheFolder(),
  tokenizerJson: string,
  write: (stem: string) => Promise<Result>,
): Promise<Result> {
  const recipe = JSON.stringify([RECIPE, SHAPE, CONTEXT_LENGTH, TINY_CHAT_TEMPLATE])
  const digest = createHash('sha256').update(recipe).update(tokenizerJson).digest('hex').slice(0, 12)
  try {
    await mkdir(folder, { recursive: true })
    return await write(join(folder, `${TINY_MODEL_NAME}-${digest}`))
  } catch (error) {
    throw new LlmBenchError(
      'ENGINE',
      `the tiny model can't be written to ${folder}: ${messageOf(error)}. Set LLM_BENCH_CACHE to a folder that can be written.`,
      { cause: error },
    )
  }
}

/**
 * The tiny model as the bytes of a GGUF file (1.8 MB); the same in every call.
 * @param vocabulary what it may say
 * @param layers how deep it is
 */
export function encodeTinyModel(vocabulary: TinyVocabulary = tinyVocabulary(), layers: number = SHAPE.layers): Buffer {
  const { entries, ids } = vocabulary
  return encodeGguf(
    {
      'general.architecture': string('llama'),
      'general.name': string(TINY_MODEL_NAME),
      'general.file_type': uint32(1),
      'general.alignment': uint32(32),
      'llama.vocab_size': uint32(entries.length),
      'llama.context_length': uint32(CONTEXT_LENGTH),
      'llama.embedding_length': uint32(SHAPE.width),
      'llama.block_count': uint32(layers),
      'llama.feed_forward_length': uint32(SHAPE.feedForward),
      'llama.attention.head_count': uint32(SHAPE.heads),
      'llama.attention.head_count_kv': uint32(SHAPE.kvHeads),
      'llama.attention.layer_norm_rms_epsilon': float32(1e-5),
      'llama.rope.dimension_count': uint32(SHAPE.width / SHAPE.heads),
      'llama.rope.freq_base': float32(10_000),
      'tokenizer.ggml.model': string('llama'),
      'tokenizer.ggml.pre': string('default'),
      'tokenizer.ggml.tokens': { type: 'strings', value: entries.map(({ text }) => text) },
      'tokenizer.ggml.scores': { type: 'float32s', value: entries.map(({ score }) => score) },
      'tokenizer.ggml.token_type': { type: 'int32s', value: entries.map(({ type }) => type) },
      'tokenizer.ggml.bos_token_id': uint32(ids.bos),
      'tokenizer.ggml.eos_token_id': uint32(ids.eos),
      'tokenizer.ggml.eot_token_id': uint32(ids.endOfTurn),
      'tokenizer.ggml.unknown_token_id': uint32(ids.unknown),
      'tokenizer.ggml.add_bos_token': bool(true),
      'tokenizer.ggml.add_eos_token': bool(false),
      'tokenizer.ggml.add_space_prefix': bool(false),
      'tokenizer.chat_template': string(TINY_CHAT_TEMPLATE),
    },
    tinyWeights({ ...SHAPE, layers }, vocabulary),
  )
}

async function writeWhole(path: string, write: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`
  try {
    await write(draft)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    // A folder can't replace one that another process has put there meanwhile, nor on Windows a file one that is open; what is there
    // is as good as ours.
    if (!existsSync(path)) throw error
  }
}

import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { LlmBenchError, messageOf } from '../errors.ts'
import type { Tokenizer } from './tokenizer.ts'

/** What `tokenizer.json` holds as null where it has none; older files leave the key out, which the library refuses. */
const STEPS = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] }

/**
 * Loads a tokenizer.
 * @param path a `tokenizer.json` or a folder that holds one; undefined gives the bundled encoding (o200k_base)
 * @param root absolute folder that a relative path resolves against
 * @throws {LlmBenchError} `TOKENIZER` where the file is missing or no tokenizer
 */
export async function loadTokenizer(path: string | undefined, root: string): Promise<Tokenizer> {
  return path === undefined ? bundledTokenizer() : fileTokenizer(resolve(root, path))
}

async function bundledTokenizer(): Promise<Tokenizer> {
  const { countTokens, decode, encode } = await import('gpt-tokenizer/encoding/o200k_base')
  // A prompt may contain what looks like a special token: it is text, and no reason to refuse it.
  const asText = { disallowedSpecial: new Set<string>() }
  return {
    name: 'o200k_base',
    source: 'bundled',
    count: (text) => countTokens(text, asText),
    encode: (text) => encode(text, asText),
    decode,
  }
}

async function fileTokenizer(path: string): Promise<Tokenizer> {
  const found = await stat(path).catch((error: unknown) => {
    throw new LlmBenchError(
      'TOKENIZER',
      `tokenizer ${path} cannot be read (${messageOf(error)}): \`tokenizer\` takes the path of a tokenizer.json.`,
      {
        cause: error,
      },
    )
  })
  const file = found.isDirectory() ? join(path, 'tokenizer.json') : path
  const json = await readObject(file)
  const config = await readObject(join(dirname(file), 'tokenizer_config.json'), {})
  const { Tokenizer: HuggingFaceTokenizer } = await import('@huggingface/tokenizers')
  try {
    const tokenizer = new HuggingFaceTokenizer({ ...STEPS, ...json }, config)
    const encode = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids
    // A file may be well formed and still name a step that the library lacks, which shows only in use.
    encode('A first text.')
    return {
      name: join(basename(dirname(file)), basename(file)),
      source: 'tokenizer',
      count: (text) => encode(text).length,
      encode,
      decode: (ids) =>
        ids.length === 0 ? '' : tokenizer.decode([...ids], { skip_special_tokens: false, clean_up_tokenization_spaces: false }),
    }
  } catch (error) {
    throw new LlmBenchError('TOKENIZER', `${file} is no tokenizer that can be used: ${messageOf(error)}`, { cause: error })
  }
}

async function readObject(file: string, otherwise?: object): Promise<object> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (otherwise !== undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise
    throw new LlmBenchError('TOKENIZER', `${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new LlmBenchError('TOKENIZER', `${file} is not JSON: ${messageOf(error)}`, { cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new LlmBenchError('TOKENIZER', `${file} is no tokenizer: expected a JSON object`)
}

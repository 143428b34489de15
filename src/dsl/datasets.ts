import { z } from 'zod'
import { boolean, nonEmptyString, numberWithin, parseOptions, wholeNumber } from './options.ts'

/** Where a workload's prompts come from, as plain data. Relative paths resolve against Vitest's root. */
export type DatasetSpec = ShareGPTSpec | ParquetSpec | JsonlSpec | TextSpec | PromptsSpec | SyntheticSpec | BuiltinSpec

/** ShareGPT-shaped conversations: `[{ id, conversations: [{ from, value }, …] }]`. */
export interface ShareGPTSpec {
  readonly kind: 'sharegpt'
  readonly path: string
  readonly minTokens: number
  readonly maxPromptTokens?: number | undefined
  readonly maxTotalTokens?: number | undefined
  readonly turns: number
  readonly shuffle: boolean
  readonly seed: number
}

/** A column of a Parquet file. */
export interface ParquetSpec {
  readonly kind: 'parquet'
  readonly path: string
  readonly column: string
}

/** A field of each line of a JSON Lines file; without a name, the first of the usual ones that the first line has. */
export interface JsonlSpec {
  readonly kind: 'jsonl'
  readonly path: string
  readonly field?: string | undefined
}

/** A text file, a prompt a line. */
export interface TextSpec {
  readonly kind: 'text'
  readonly path: string
}

/** Prompts that stand in the bench file itself. */
export interface PromptsSpec {
  readonly kind: 'prompts'
  readonly prompts: readonly string[]
}

/** Generated prompts of a given length in tokens. */
export interface SyntheticSpec {
  readonly kind: 'synthetic'
  readonly inputTokens: number
  readonly outputTokens: number
  readonly spread: number
  readonly rows: number
  readonly seed: number
}

/** A small dataset that comes with this package. */
export interface BuiltinSpec {
  readonly kind: 'builtin'
  readonly name: 'conversations' | 'questions'
}

/** What a `dataset` option takes: a spec, or a path whose ending picks the loader. */
export type DatasetInput = DatasetSpec | string

const path = nonEmptyString

const shareGPTOptions = z.strictObject({
  minTokens: wholeNumber(0).default(4),
  maxPromptTokens: wholeNumber(1).optional(),
  maxTotalTokens: wholeNumber(1).optional(),
  turns: wholeNumber(1).default(1),
  shuffle: boolean.default(true),
  seed: wholeNumber(0).default(0),
})

/**
 * Conversations in the ShareGPT form. The prompt is the first `2 × turns − 1` messages, the expected output length the
 * tokens of the next one. Conversations with fewer messages, or with a prompt or output under `minTokens`, are left out;
 * the rest is shuffled by `seed`. Who speaks goes by place (user, answer, user, …); a system message
 * at the start stands before them.
 * @param file a JSON file: `[{ id, conversations: [{ from, value }, …] }]`
 * @example shareGPT('samples_1024.json', { maxPromptTokens: 1024, maxTotalTokens: 2048 })
 */
export function shareGPT(file: string, options: z.input<typeof shareGPTOptions> = {}): ShareGPTSpec {
  return { kind: 'sharegpt', path: parseOptions(path, file, 'shareGPT()'), ...parseOptions(shareGPTOptions, options, 'shareGPT()') }
}

const parquetOptions = z.strictObject({ column: nonEmptyString.default('prompt') })

/**
 * A column of a Parquet file: texts, or lists of chat messages (`list<struct<content, role>>`). Reads uncompressed,
 * snappy, zstd, gzip, brotli and lz4; only the row groups that are needed.
 * @param options.column the column (default: `prompt`)
 */
export function parquet(file: string, options: z.input<typeof parquetOptions> = {}): ParquetSpec {
  return { kind: 'parquet', path: parseOptions(path, file, 'parquet()'), ...parseOptions(parquetOptions, options, 'parquet()') }
}

const jsonlOptions = z.strictObject({ field: nonEmptyString.optional() })

/**
 * A field of each line of a JSON Lines file: a text or a list of chat messages.
 * @param options.field the field; left out, the first of `prompt`, `question`, `messages`, `text`, `input`, `instruction` that
 *   the first line has
 */
export function jsonl(file: string, options: z.input<typeof jsonlOptions> = {}): JsonlSpec {
  return { kind: 'jsonl', path: parseOptions(path, file, 'jsonl()'), ...parseOptions(jsonlOptions, options, 'jsonl()') }
}

/**
 * GSM8K: its Parquet form (column `prompt`), or its JSON Lines form (field `question`).
 * @example gsm8k('data/gsm8k/instruct/train.parquet')
 */
export function gsm8k(file: string): ParquetSpec | JsonlSpec {
  return /\.jsonl$/i.test(parseOptions(path, file, 'gsm8k()')) ? jsonl(file, { field: 'question' }) : parquet(file)
}

/** A text file: each line that is not blank is a prompt. */
export function text(file: string): TextSpec {
  return { kind: 'text', path: parseOptions(path, file, 'text()') }
}

/** Prompts given in place. */
export function prompts(list: readonly string[]): PromptsSpec {
  return {
    kind: 'prompts',
    prompts: parseOptions(z.array(nonEmptyString).min(1, { error: 'expected at least one prompt' }), list, 'prompts()'),
  }
}

const syntheticOptions = z.strictObject({
  inputTokens: wholeNumber(1),
  outputTokens: wholeNumber(1),
  spread: numberWithin(0, 1).default(0),
  rows: wholeNumber(1).default(1000),
  seed: wholeNumber(0).default(0),
})

/**
 * Generated prompts whose length is true to the tokenizer in use: each is `inputTokens` long and asks for `outputTokens`.
 * @param options.spread share by which both lengths vary, uniformly (0.2: from 80 % to 120 %)
 * @param options.rows how many different prompts (default: 1000)
 */
export function synthetic(options: z.input<typeof syntheticOptions>): SyntheticSpec {
  return { kind: 'synthetic', ...parseOptions(syntheticOptions, options, 'synthetic()') }
}

/** A small dataset that comes with this package, by its name. */
export const builtin = (name: BuiltinSpec['name']): BuiltinSpec => ({ kind: 'builtin', name })

const KINDS: ReadonlySet<unknown> = new Set(['sharegpt', 'parquet', 'jsonl', 'text', 'prompts', 'synthetic', 'builtin'])

/** The `dataset` option of a workload, as a spec. */
export const datasetOption = z.custom<DatasetInput>().transform((input, context): DatasetSpec => {
  if (typeof input === 'string') {
    if (/\.parquet$/i.test(input)) return parquet(input)
    if (/\.jsonl$/i.test(input)) return jsonl(input)
    if (/\.json$/i.test(input)) return shareGPT(input)
    if (/\.txt$/i.test(input)) return text(input)
  } else if (typeof input === 'object' && input !== null && KINDS.has(input.kind)) {
    return input
  }
  context.addIssue({
    code: 'custom',
    message:
      'expected a path that ends in .parquet, .jsonl, .json or .txt, or one of shareGPT(), gsm8k(), parquet(), jsonl(), text(), prompts(), synthetic()',
  })
  return z.NEVER
})

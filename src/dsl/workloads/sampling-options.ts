import { z } from 'zod'
import type { DatasetInput } from '../datasets.ts'
import { boolean, nonEmptyString, numberWithin, wholeNumber } from '../options.ts'

/** Options of sampling and length that every request workload takes. */
export interface SamplingOptions {
  /** Longest answer in tokens; caps forced lengths (default: 128 or `minTokens`, for rows without a length of their own). */
  maxTokens?: number
  /** Shortest answer in tokens. */
  minTokens?: number
  /** Go on past the end-of-sequence token. */
  ignoreEos?: boolean
  temperature?: number
  topP?: number
  topK?: number
  /** `false` asks for greedy decoding, whatever the temperature. */
  doSample?: boolean
  /** Seed of every random choice: sampling, order of prompts, arrivals (default: 0). */
  seed?: number
  /** Force the dataset's answer lengths (`'dataset'`, default), none (`'free'`), or this many tokens. */
  outputLength?: 'dataset' | 'free' | number
  /** Path of a `tokenizer.json`, for counts that the server does not report. */
  tokenizer?: string
  /** Keep the texts of the answers, in `answers.jsonl` and for `toKeepAnswers()` (default: false). */
  keepAnswers?: boolean
  /** Prompts: a path or a dataset (default: a small one that comes with the package). */
  dataset?: DatasetInput
}

/** The fields of {@link SamplingOptions}, but for the dataset, whose default is each workload's own. */
export const samplingFields = {
  maxTokens: wholeNumber(1).optional(),
  minTokens: wholeNumber(0).optional(),
  ignoreEos: boolean.optional(),
  temperature: numberWithin(0).optional(),
  topP: numberWithin(0, 1).optional(),
  topK: wholeNumber(0).optional(),
  doSample: boolean.optional(),
  seed: wholeNumber(0).default(0),
  outputLength: z
    .union([z.literal('dataset'), z.literal('free'), wholeNumber(1)], { error: "expected 'dataset', 'free' or a whole number from 1" })
    .default('dataset'),
  tokenizer: nonEmptyString.optional(),
  keepAnswers: boolean.default(false),
}

/** A rule over several options, as `refine()` takes it. */
export type Rule<Options> = [holds: (options: Options) => boolean, otherwise: { error: string; path: string[] }]

export const lengthsFit: Rule<{ maxTokens?: number | undefined; minTokens?: number | undefined }> = [
  ({ minTokens, maxTokens }) => minTokens === undefined || maxTokens === undefined || minTokens <= maxTokens,
  { error: 'expected `minTokens` of at most `maxTokens`', path: ['minTokens'] },
]

import { z } from 'zod'
import { engineOption } from '../engines.ts'
import type { EngineSpec } from '../engines.ts'
import { boolean, nonEmptyString, oneOrMore, parseOptions, wholeNumber } from '../options.ts'
import { repeatsOption } from '../repeats.ts'
import type { RepeatOptions } from '../repeats.ts'
import { workload } from '../workload.ts'
import type { Workload } from '../workload.ts'
import type { OneBatchSpec } from '../workload-spec.ts'

const oneBatchOptions = z.strictObject({
  batch: oneOrMore(wholeNumber(1)),
  inputLength: oneOrMore(wholeNumber(1)).default([128]),
  outputLength: oneOrMore(wholeNumber(1)).default([32]),
  engine: engineOption.optional(),
  warmup: boolean.default(true),
  correctness: boolean.default(false),
  runName: nonEmptyString.default('default'),
  seed: wholeNumber(0).default(0),
  repeats: repeatsOption,
})

/** Options of {@link oneBatch}. */
export interface OneBatchOptions extends RepeatOptions {
  /** Sequences in the batch, or several such numbers. */
  batch: number | number[]
  /** Tokens of input for each sequence (default: 128). */
  inputLength?: number | number[]
  /** Tokens of output for each sequence, the first included (default: 32). */
  outputLength?: number | number[]
  /** The engine (default: the plugin's, else llama.cpp with the tiny model). */
  engine?: EngineSpec
  /** One run of the first case with a short output before the clock starts (default: true). */
  warmup?: boolean
  /**
   * Also answer a few fixed prompts greedily, together and each alone: the share of tokens that agree is the figure `agreement`, and the
   * answers are kept in `correctness.jsonl` (default: false).
   */
  correctness?: boolean
  /** `run_name` in `one_batch.jsonl` (default: `default`). */
  runName?: string
  /** Seed of the random input tokens (default: 0). */
  seed?: number
}

/**
 * The latency of one static batch without a server: prefill and each decode step timed apart, for the product of the lists.
 * @example oneBatch({ batch: [4, 8], inputLength: 1024, outputLength: [1, 1024] })
 */
export function oneBatch(options: OneBatchOptions): Workload<OneBatchSpec> {
  return workload({ kind: 'oneBatch', ...parseOptions(oneBatchOptions, options, 'oneBatch()') })
}

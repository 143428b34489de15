import { z } from 'zod'
import { builtin, datasetOption } from '../datasets.ts'
import { boolean, numberWithin, parseOptions, wholeNumber } from '../options.ts'
import { isRepeated } from '../repeats.ts'
import { workload } from '../workload.ts'
import type { Workload } from '../workload.ts'
import type { RolloutSpec } from '../workload-spec.ts'
import { oneProcess, oneSubject, requestFields } from './request-options.ts'
import type { RequestOptions } from './request-options.ts'
import { lengthsFit } from './sampling-options.ts'

const rolloutOptions = z
  .strictObject({
    ...requestFields,
    batch: wholeNumber(1),
    n: wholeNumber(1),
    limit: wholeNumber(1).optional(),
    maxConcurrency: wholeNumber(1).default(1000),
    temperature: numberWithin(0).default(0.7),
    topP: numberWithin(0, 1).default(0.9),
    nPerRequest: boolean.default(false),
    resume: boolean.default(false),
    details: boolean.default(true),
    dataset: datasetOption.default(builtin('questions')),
  })
  .refine(...lengthsFit)
  .refine(...oneSubject)
  .refine(...oneProcess)
  .refine(({ resume, repeats }) => !resume || !isRepeated(repeats), {
    error: 'expected a single run with `resume`, which goes on with one that was interrupted: leave out one of the two',
    path: ['repeats'],
  })
  .refine(({ nPerRequest, engine }) => !nPerRequest || engine === undefined, {
    error: 'applies to servers only: an engine takes `n` requests',
    path: ['nPerRequest'],
  })

/** Options of {@link rollout}. */
export interface RolloutOptions extends RequestOptions {
  /** Prompts in a batch. */
  batch: number
  /** Answers for each prompt. */
  n: number
  /** Use the first so many rows of the dataset (default: all). */
  limit?: number
  /** Requests in flight at most (default: 1000). */
  maxConcurrency?: number
  /** One request with `n` answers for each prompt, instead of `n` requests (default: false). */
  nPerRequest?: boolean
  /** Go on with the newest incomplete run of the same bench: its finished batches are kept (default: false). */
  resume?: boolean
  /** Keep the texts in `rollout_details.jsonl` (default: true). */
  details?: boolean
}

/**
 * RL-style rollouts: batches of prompts run one after another, each prompt answered `n` times.
 * Every sample has a seed of its own; the last partial batch is kept.
 * @example rollout({ batch: 8, n: 8, limit: 512, maxTokens: 8192, dataset: gsm8k('train.parquet') })
 */
export function rollout(options: RolloutOptions): Workload<RolloutSpec> {
  return workload({ kind: 'rollout', ...parseOptions(rolloutOptions, options, 'rollout()') })
}

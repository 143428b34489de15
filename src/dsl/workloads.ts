import { z } from 'zod'
import { datasetOption } from './datasets.ts'
import type { BuiltinSpec, DatasetInput } from './datasets.ts'
import { engineOption } from './engines.ts'
import type { EngineSpec } from './engines.ts'
import { nonEmptyString, numberWithin, oneOrMore, parseOptions, positiveSeconds, seconds, wholeNumber } from './options.ts'
import { abortOnOption, warmupOption, workersOption } from './run-control.ts'
import type { AbortOnOption, WarmupOption } from './run-control.ts'
import { targetOption } from './targets.ts'
import type { TargetSpec } from './targets.ts'
import { validityOption } from './validity.ts'
import type { ValidityOptions } from './validity.ts'
import { workload } from './workload.ts'
import type { Workload } from './workload.ts'
import type { ClientsSpec, OfflineSpec, OneBatchSpec, RequestRateSpec, RolloutSpec } from './workload-spec.ts'

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
  /** Prompts: a path or a dataset (default: a small one that comes with the package). */
  dataset?: DatasetInput
}

/** Options that every workload takes which sends requests one by one, to a server as a rule. */
export interface RequestOptions extends SamplingOptions {
  /** The server (default: the plugin's, then the environment's, then the embedded engine). */
  target?: TargetSpec
  /** A local engine instead of a server: no wire lies between. */
  engine?: EngineSpec
  /** Stream the answers (default: true). `false` measures E2E latency only. */
  stream?: boolean
  /** Threads that share the load (default: `'auto'`, as many as it needs and the cores allow). The requests are the same for any number. */
  workers?: 'auto' | number
  /** Requests before the clock starts, outside all figures and files: how many, or `{ duration }` (default: none). */
  warmup?: WarmupOption
  /**
   * Open connections, and run the client's own code until it is compiled, before the clock starts; the server generates nothing
   * for it (default: true).
   */
  preconnect?: boolean
  /** Ends a hopeless run early, as an error, with what was measured (default: never). */
  abortOn?: AbortOnOption
  /** How far the load generator may have disturbed a run that counts as valid (default: the plugin's limits). */
  validity?: ValidityOptions
}

const boolean = z.boolean({ error: 'expected true or false' })
const builtin = (name: BuiltinSpec['name']): BuiltinSpec => ({ kind: 'builtin', name })

const sampling = {
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
}

const request = {
  ...sampling,
  target: targetOption.optional(),
  engine: engineOption.optional(),
  stream: boolean.default(true),
  workers: workersOption.default('auto'),
  warmup: warmupOption.optional(),
  preconnect: boolean.default(true),
  abortOn: abortOnOption.optional(),
  validity: validityOption.optional(),
}

const lengthsFit = (options: { maxTokens?: number | undefined; minTokens?: number | undefined }): boolean =>
  options.minTokens === undefined || options.maxTokens === undefined || options.minTokens <= options.maxTokens
const LENGTHS = { error: 'expected `minTokens` of at most `maxTokens`', path: ['minTokens'] }
const oneEnd = (options: { requests?: number | undefined; duration?: number | undefined }): boolean =>
  options.requests === undefined || options.duration === undefined
const oneSubject = (options: { target?: TargetSpec | undefined; engine?: EngineSpec | undefined }): boolean =>
  options.target === undefined || options.engine === undefined
const SUBJECT = { error: 'expected only one of `target` and `engine`', path: ['engine'] }
const oneProcess = (options: { workers: 'auto' | number; engine?: EngineSpec | undefined }): boolean =>
  options.workers === 'auto' || options.engine === undefined
const WORKERS = { error: 'applies to servers only: an engine is driven from its own process', path: ['workers'] }
const ENDS = { error: 'expected only one of `requests` and `duration`', path: ['duration'] }

const rolloutOptions = z
  .strictObject({
    ...request,
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
  .refine(lengthsFit, LENGTHS)
  .refine(oneSubject, SUBJECT)
  .refine(oneProcess, WORKERS)
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

const clientsOptions = z
  .strictObject({
    ...request,
    n: wholeNumber(1),
    rampUp: seconds.optional(),
    requests: wholeNumber(1).optional(),
    duration: positiveSeconds.optional(),
    stopAfter: positiveSeconds.optional(),
    turns: wholeNumber(1).default(1),
    systemPrompt: nonEmptyString.optional(),
    thinkTime: seconds.default(0),
    order: z.enum(['per-client', 'shared'], { error: "expected 'per-client' or 'shared'" }).default('per-client'),
    temperature: numberWithin(0).default(0),
    dataset: datasetOption.default(builtin('conversations')),
  })
  .refine(lengthsFit, LENGTHS)
  .refine(oneSubject, SUBJECT)
  .refine(oneProcess, WORKERS)
  .refine(oneEnd, ENDS)

/** Options of {@link clients}. */
export interface ClientsOptions extends RequestOptions {
  /** Clients, each of which sends its next request when it has the answer to the last. */
  n: number
  /** Seconds over which the clients start, evenly (default: 0.1 × n). */
  rampUp?: number | string
  /** Requests in all, over all clients (default: 10 × n). */
  requests?: number
  /** Seconds of load instead of a number of requests. */
  duration?: number | string
  /** Seconds after which no client sends any more; requests in flight finish. */
  stopAfter?: number | string
  /** User messages in a conversation; the real answers are carried forward (default: 1). */
  turns?: number
  /** A system message before every conversation. */
  systemPrompt?: string
  /** Seconds between an answer and the client's next request (default: 0). */
  thinkTime?: number | string
  /** `'per-client'`: each client has its own quota and sequence; `'shared'`: all pull from one queue (default: per-client). */
  order?: 'per-client' | 'shared'
}

/**
 * A fixed number of users (closed loop): client i starts at `i × rampUp / n`, sends, waits for the whole answer, sends the next.
 * The same client sends the same sequence in every run; different clients send different ones.
 * @example clients({ n: 100, rampUp: 10, requests: 1024, dataset: shareGPT('samples_1024.json') })
 */
export function clients(options: ClientsOptions): Workload<ClientsSpec> {
  const { requests, duration, rampUp, ...rest } = parseOptions(clientsOptions, options, 'clients()')
  return workload({
    kind: 'clients',
    ...rest,
    rampUp: rampUp ?? rest.n * 0.1,
    ...(duration === undefined ? { requests: requests ?? 10 * rest.n } : { duration }),
  })
}

const requestRateOptions = z
  .strictObject({
    ...request,
    rate: numberWithin(0).refine((rate) => rate > 0, { error: 'expected more than 0 requests a second' }),
    requests: wholeNumber(1).optional(),
    duration: positiveSeconds.optional(),
    distribution: z.enum(['poisson', 'constant', 'gamma'], { error: "expected 'poisson', 'constant' or 'gamma'" }).default('poisson'),
    burstiness: numberWithin(0)
      .refine((value) => value > 0, { error: 'expected a number above 0' })
      .default(1),
    maxConcurrency: wholeNumber(1).optional(),
    systemPrompt: nonEmptyString.optional(),
    temperature: numberWithin(0).default(0),
    dataset: datasetOption.default(builtin('conversations')),
  })
  .refine(lengthsFit, LENGTHS)
  .refine(oneSubject, SUBJECT)
  .refine(oneProcess, WORKERS)
  .refine(oneEnd, ENDS)
  .refine((options) => options.burstiness === 1 || options.distribution === 'gamma', {
    error: "applies to `distribution: 'gamma'` only",
    path: ['burstiness'],
  })

/** Options of {@link requestRate}. */
export interface RequestRateOptions extends RequestOptions {
  /** Requests a second on average. */
  rate: number
  /** Requests in all (default: 10 seconds' worth). */
  requests?: number
  /** Seconds of arrivals instead of a number of requests. */
  duration?: number | string
  /** Gaps between arrivals (default: `'poisson'`). */
  distribution?: 'poisson' | 'constant' | 'gamma'
  /** Shape of `'gamma'`: 1 is Poisson, below 1 burstier, above 1 more even (default: 1). */
  burstiness?: number
  /** Requests in flight at most; those above wait in the client, and the wait is reported (default: no limit). */
  maxConcurrency?: number
  /** A system message before every prompt. */
  systemPrompt?: string
}

/**
 * A fixed request rate (open loop): arrivals on a schedule computed beforehand, which never waits for answers.
 * @example requestRate({ rate: 10, duration: 60, distribution: 'poisson' })
 */
export function requestRate(options: RequestRateOptions): Workload<RequestRateSpec> {
  const { requests, duration, ...rest } = parseOptions(requestRateOptions, options, 'requestRate()')
  return workload({
    kind: 'requestRate',
    ...rest,
    ...(duration === undefined ? { requests: requests ?? Math.ceil(10 * rest.rate) } : { duration }),
  })
}

const offlineOptions = z
  .strictObject({
    ...sampling,
    requests: wholeNumber(1).default(64),
    concurrency: wholeNumber(1).optional(),
    mode: z.enum(['naive', 'offline', 'online'], { error: "expected 'naive', 'offline' or 'online'" }).optional(),
    maxBatchSize: wholeNumber(1).optional(),
    engine: engineOption.optional(),
    warmup: warmupOption.default({ requests: 16 }),
    temperature: numberWithin(0).default(0),
    dataset: datasetOption.default(builtin('conversations')),
  })
  .refine(lengthsFit, LENGTHS)
  .refine(({ mode, concurrency }) => mode === undefined || concurrency === undefined, {
    error: 'expected only one of `mode` and `concurrency`',
    path: ['concurrency'],
  })
  .refine(({ mode, maxBatchSize }) => mode !== undefined || maxBatchSize === undefined, {
    error: "applies where a `mode` is named: `'online'` decodes so many requests together",
    path: ['maxBatchSize'],
  })

/** Options of {@link offline}. */
export interface OfflineOptions extends SamplingOptions {
  /** Requests in all (default: 64). */
  requests?: number
  /** Requests in flight at most: so many workers pull from one queue (default: all are submitted at once). */
  concurrency?: number
  /**
   * Scheduling, to be compared: `'naive'`, one request after another; `'offline'`, all in one batch to the end; `'online'`, at
   * most `maxBatchSize` together, the next joining as one ends (default: as the engine does).
   */
  mode?: 'naive' | 'offline' | 'online'
  /** Requests that `'online'` decodes together at most; the other modes take no notice of it (default: 8). */
  maxBatchSize?: number
  /** The engine (default: the plugin's, else llama.cpp with the tiny model). */
  engine?: EngineSpec
  /** Short requests before the clock starts: how many, or `{ duration }` (default: 16). */
  warmup?: WarmupOption
}

/**
 * Offline throughput: requests submitted to an engine, without a server, all at once unless `concurrency` or `mode` say otherwise.
 * @example offline({ requests: 1000, dataset: shareGPT('sharegpt.json'), engine: llama({ model: 'model.gguf' }) })
 * @example
 * const modes = (['naive', 'offline', 'online'] as const).map((mode) => bench(mode, offline({ mode, requests: 16 })))
 * await bench.compare(...modes)
 */
export function offline(options: OfflineOptions = {}): Workload<OfflineSpec> {
  const { maxBatchSize, ...rest } = parseOptions(offlineOptions, options, 'offline()')
  return workload({ kind: 'offline', ...rest, ...(rest.mode === 'online' ? { maxBatchSize: maxBatchSize ?? 8 } : {}) })
}

const oneBatchOptions = z.strictObject({
  batch: oneOrMore(wholeNumber(1)),
  inputLength: oneOrMore(wholeNumber(1)).default([128]),
  outputLength: oneOrMore(wholeNumber(1)).default([32]),
  engine: engineOption.optional(),
  warmup: boolean.default(true),
  correctness: boolean.default(false),
  runName: nonEmptyString.default('default'),
  seed: wholeNumber(0).default(0),
})

/** Options of {@link oneBatch}. */
export interface OneBatchOptions {
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

import { z } from 'zod'
import { boolean, nonEmptyString, numberWithin, parseOptions, wholeNumber } from './options.ts'

/** What every engine in a Python process has. */
interface PythonProcessSpec {
  /** A folder, or a name on the Hugging Face hub. */
  readonly model: string
  readonly tokenizer?: string | undefined
  /** The interpreter: a command, words split at spaces; left out, `LLM_BENCH_PYTHON`, else `python3`. */
  readonly python?: string | undefined
  /** Environment variables of its process. */
  readonly env: Readonly<Record<string, string>>
  /** `CUDA_VISIBLE_DEVICES`. */
  readonly devices?: string | undefined
  /** Further arguments of the engine's constructor, by their Python names. */
  readonly args: Readonly<Record<string, unknown>>
}

/** What engines share that read models of Hugging Face. */
interface HubModelSpec extends PythonProcessSpec {
  readonly dtype: (typeof DTYPES)[number]
  /** Tokens of context for each sequence; left out, the model's. */
  readonly maxModelLen?: number | undefined
  /** Requests that are answered together at most; left out, the engine's own. */
  readonly maxSequences?: number | undefined
  readonly trustRemoteCode: boolean
}

/** What engines share that serve large models. */
interface ServingEngineSpec extends HubModelSpec {
  readonly tensorParallelSize: number
  readonly gpuMemoryUtilization?: number | undefined
  readonly quantization?: string | undefined
}

/** Hugging Face's transformers on plain PyTorch. */
export interface TransformersEngineSpec extends Omit<HubModelSpec, 'model'> {
  readonly kind: 'transformers'
  /** Left out, the tiny generated model. */
  readonly model?: string | undefined
  readonly device: 'auto' | 'cpu' | 'cuda'
  readonly threads?: number | undefined
  readonly maxSequences: number
}

export interface VllmEngineSpec extends ServingEngineSpec {
  readonly kind: 'vllm'
  readonly maxSourceLength?: number | undefined
  readonly maxDecodeLength?: number | undefined
  readonly minDecodeLength?: number | undefined
}

export interface SglangEngineSpec extends ServingEngineSpec {
  readonly kind: 'sglang'
}

export interface LmdeployEngineSpec extends ServingEngineSpec {
  readonly kind: 'lmdeploy'
  readonly backend: 'turbomind' | 'pytorch'
}

/** PaddleNLP's predictor. */
export interface PaddleEngineSpec extends PythonProcessSpec {
  readonly kind: 'paddle'
  readonly dtype: (typeof DTYPES)[number]
  readonly tensorParallelSize: number
  readonly quantization?: string | undefined
  readonly maxSequences: number
  readonly maxSourceLength: number
  readonly minDecodeLength: number
  readonly maxDecodeLength: number
}

export interface RosellmEngineSpec extends PythonProcessSpec {
  readonly kind: 'rosellm'
  readonly tokenizer: string
  readonly device: string
  readonly amp: boolean
  readonly bf16: boolean
  readonly maxSequences: number
}

/** An engine behind a Python driver. */
export type PythonEngineSpec =
  | TransformersEngineSpec
  | VllmEngineSpec
  | SglangEngineSpec
  | LmdeployEngineSpec
  | PaddleEngineSpec
  | RosellmEngineSpec

const DTYPES = ['auto', 'float32', 'float16', 'bfloat16'] as const

const devices = z
  .union([nonEmptyString, wholeNumber(0), z.array(wholeNumber(0)).min(1)], {
    error: 'expected devices as in CUDA_VISIBLE_DEVICES: 0, [0, 1] or "0,1"',
  })
  .transform((value) => (Array.isArray(value) ? value.join(',') : String(value)))

const dtype = z.enum(DTYPES, { error: `expected one of ${DTYPES.join(', ')}` }).default('auto')

const processFields = {
  model: nonEmptyString,
  tokenizer: nonEmptyString.optional(),
  python: nonEmptyString.optional(),
  env: z.record(z.string(), z.string({ error: 'expected a text' }), { error: 'expected an object of texts' }).default({}),
  devices: devices.optional(),
  args: z.record(z.string(), z.json(), { error: 'expected an object of values that JSON can hold' }).default({}),
}

const hubFields = {
  ...processFields,
  dtype,
  maxModelLen: wholeNumber(1).optional(),
  maxSequences: wholeNumber(1).optional(),
  trustRemoteCode: boolean.default(false),
}

const servingFields = {
  ...hubFields,
  tensorParallelSize: wholeNumber(1).default(1),
  gpuMemoryUtilization: numberWithin(0, 1).optional(),
  quantization: nonEmptyString.optional(),
}

const transformersOptions = z.strictObject({
  ...hubFields,
  model: nonEmptyString.optional(),
  device: z.enum(['auto', 'cpu', 'cuda'], { error: "expected 'auto', 'cpu' or 'cuda'" }).default('auto'),
  threads: wholeNumber(1).optional(),
  maxSequences: wholeNumber(1).default(8),
})

/**
 * Hugging Face's transformers on plain PyTorch: static batches over a KV cache, on the CPU or a CUDA device. Options: docs/engines.md.
 * @param options.model a folder or a name on the hub (default: a tiny generated model)
 * @param options.device `'cpu'`, `'cuda'` or `'auto'` (default: CUDA where there is a device)
 * @param options.threads CPU threads (default: PyTorch's)
 * @param options.maxSequences requests that are answered together (default: 8)
 */
export function transformers(options: z.input<typeof transformersOptions> = {}): TransformersEngineSpec {
  return { kind: 'transformers', ...parseOptions(transformersOptions, options, 'transformers()') }
}

const vllmOptions = z.strictObject({
  ...servingFields,
  maxSourceLength: wholeNumber(1).optional(),
  maxDecodeLength: wholeNumber(1).optional(),
  minDecodeLength: wholeNumber(0).optional(),
})

/**
 * vLLM in process. Options: docs/engines.md.
 * @param options.maxSourceLength with `maxDecodeLength`, `max_model_len` is their sum where `maxModelLen` is left out
 * @param options.minDecodeLength fewest tokens of every answer
 * @example vllm({ model: '/models/qwen', tensorParallelSize: 4, gpuMemoryUtilization: 0.8, devices: [4, 5, 6, 7] })
 */
export function vllm(options: z.input<typeof vllmOptions>): VllmEngineSpec {
  return { kind: 'vllm', ...parseOptions(vllmOptions, options, 'vllm()') }
}

const sglangOptions = z.strictObject(servingFields)

/**
 * SGLang in process: its Engine for requests, its ModelRunner for `oneBatch`. Options: docs/engines.md.
 * @param options.gpuMemoryUtilization `mem_fraction_static`
 * @example sglangEngine({ model: '/models/qwen', tensorParallelSize: 2 })
 */
export function sglangEngine(options: z.input<typeof sglangOptions>): SglangEngineSpec {
  return { kind: 'sglang', ...parseOptions(sglangOptions, options, 'sglangEngine()') }
}

const lmdeployOptions = z.strictObject({
  ...servingFields,
  backend: z.enum(['turbomind', 'pytorch'], { error: "expected 'turbomind' or 'pytorch'" }).default('turbomind'),
})

/**
 * LMDeploy's pipeline. Options: docs/engines.md.
 * @param options.backend `'turbomind'` (default) or `'pytorch'`
 * @param options.gpuMemoryUtilization `cache_max_entry_count`
 * @param options.quantization `model_format`
 * @example lmdeployEngine({ model: './internlm-7b', maxSequences: 64 })
 */
export function lmdeployEngine(options: z.input<typeof lmdeployOptions>): LmdeployEngineSpec {
  return { kind: 'lmdeploy', ...parseOptions(lmdeployOptions, options, 'lmdeployEngine()') }
}

const paddleOptions = z
  .strictObject({
    ...processFields,
    dtype,
    tensorParallelSize: wholeNumber(1).default(1),
    quantization: nonEmptyString.optional(),
    maxSequences: wholeNumber(1).default(8),
    maxSourceLength: wholeNumber(1).default(3072),
    minDecodeLength: wholeNumber(1).default(1),
    maxDecodeLength: wholeNumber(1).default(512),
  })
  .refine((options) => options.minDecodeLength <= options.maxDecodeLength, {
    error: 'expected `minDecodeLength` of at most `maxDecodeLength`',
    path: ['minDecodeLength'],
  })

/**
 * PaddleNLP's predictor with dynamic insertion, through `paddle.distributed.launch`. Options: docs/engines.md.
 * @param options.maxSequences `rollout_max_num_seqs` (default: 8)
 * @param options.quantization `rollout_quant_type`: `'wint8'` for weight-only int8
 * @param options.maxDecodeLength tokens at which every answer ends: the workload's `maxTokens` must be the same (default: 512)
 * @example paddle({ model: 'qwen', tensorParallelSize: 4, devices: [4, 5, 6, 7], env: { FLAGS_set_to_1d: 'False' } })
 */
export function paddle(options: z.input<typeof paddleOptions>): PaddleEngineSpec {
  return { kind: 'paddle', ...parseOptions(paddleOptions, options, 'paddle()') }
}

const rosellmOptions = z.strictObject({
  ...processFields,
  tokenizer: nonEmptyString,
  device: nonEmptyString.default('cuda'),
  amp: boolean.default(true),
  bf16: boolean.default(false),
  maxSequences: wholeNumber(1).default(8),
})

/**
 * rosellm's schedulers. Options: docs/engines.md.
 * @param options.model the checkpoint's path
 * @param options.tokenizer the tokenizer's name or path
 * @param options.amp mixed precision (default: true), in bfloat16 with `bf16`
 * @param options.maxSequences `max_batch_size` of the online scheduler (default: 8)
 * @example rosellm({ model: 'gpt2_small.pt', tokenizer: 'gpt2' })
 */
export function rosellm(options: z.input<typeof rosellmOptions>): RosellmEngineSpec {
  return { kind: 'rosellm', ...parseOptions(rosellmOptions, options, 'rosellm()') }
}

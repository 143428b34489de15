import { z } from 'zod'
import { nonEmptyString, parseOptions, wholeNumber } from './options.ts'

/** What every engine in a Python process has. */
interface PythonProcessSpec {
  /** The interpreter: a command, words split at spaces; left out, `LLM_BENCH_PYTHON`, else `python3`. */
  readonly python?: string | undefined
  /** Environment variables of its process. */
  readonly env: Readonly<Record<string, string>>
  /** `CUDA_VISIBLE_DEVICES`. */
  readonly devices?: string | undefined
}

/** Hugging Face's transformers on plain PyTorch. */
export interface TransformersEngineSpec extends PythonProcessSpec {
  readonly kind: 'transformers'
  /** A folder, or a name on the Hugging Face hub; left out, the tiny generated model. */
  readonly model?: string | undefined
  readonly tokenizer?: string | undefined
  readonly dtype: (typeof DTYPES)[number]
  readonly device: 'auto' | 'cpu' | 'cuda'
  readonly threads?: number | undefined
  readonly maxSequences: number
  readonly maxModelLen?: number | undefined
  readonly trustRemoteCode: boolean
  /** Further arguments of `from_pretrained`, by their Python names. */
  readonly args: Readonly<Record<string, unknown>>
}

/** An engine behind a Python driver. */
export type PythonEngineSpec = TransformersEngineSpec

const DTYPES = ['auto', 'float32', 'float16', 'bfloat16'] as const

const boolean = z.boolean({ error: 'expected true or false' })

const devices = z
  .union([nonEmptyString, wholeNumber(0), z.array(wholeNumber(0)).min(1)], {
    error: 'expected devices as in CUDA_VISIBLE_DEVICES: 0, [0, 1] or "0,1"',
  })
  .transform((value) => (Array.isArray(value) ? value.join(',') : String(value)))

const processFields = {
  python: nonEmptyString.optional(),
  env: z.record(z.string(), z.string({ error: 'expected a text' }), { error: 'expected an object of texts' }).default({}),
  devices: devices.optional(),
}

const modelFields = {
  tokenizer: nonEmptyString.optional(),
  dtype: z.enum(DTYPES, { error: `expected one of ${DTYPES.join(', ')}` }).default('auto'),
  maxModelLen: wholeNumber(1).optional(),
  trustRemoteCode: boolean.default(false),
  args: z.record(z.string(), z.json(), { error: 'expected an object of values that JSON can hold' }).default({}),
}

const transformersOptions = z.strictObject({
  ...processFields,
  ...modelFields,
  model: nonEmptyString.optional(),
  device: z.enum(['auto', 'cpu', 'cuda'], { error: "expected 'auto', 'cpu' or 'cuda'" }).default('auto'),
  threads: wholeNumber(1).optional(),
  maxSequences: wholeNumber(1).default(8),
})

/**
 * Hugging Face's transformers on plain PyTorch: static batches over a KV cache, on the CPU or a CUDA device.
 * @param options.model a folder or a name on the hub (default: a tiny generated model)
 * @param options.tokenizer where the tokenizer is (default: with the model)
 * @param options.dtype of the weights (default: `'auto'`, the model's own)
 * @param options.device `'cpu'`, `'cuda'` or `'auto'` (default: CUDA where there is a device)
 * @param options.threads CPU threads (default: PyTorch's)
 * @param options.maxSequences requests that are answered together (default: 8)
 * @param options.maxModelLen tokens of context for each sequence (default: the model's)
 * @param options.trustRemoteCode run code that comes with the model (default: false)
 * @param options.args further arguments of `from_pretrained`, by their Python names
 * @param options.python the interpreter (default: `LLM_BENCH_PYTHON`, else `python3`)
 * @param options.env environment variables of its process
 * @param options.devices `CUDA_VISIBLE_DEVICES`
 */
export function transformers(options: z.input<typeof transformersOptions> = {}): TransformersEngineSpec {
  return { kind: 'transformers', ...parseOptions(transformersOptions, options, 'transformers()') }
}

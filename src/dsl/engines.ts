import { z } from 'zod'
import { boolean, nonEmptyString, parseOptions, wholeNumber } from './options.ts'
import type { PythonEngineSpec } from './python-engines.ts'

/** A local engine that a workload drives without a server, as plain data. */
export type EngineSpec = LlamaEngineSpec | PythonEngineSpec

/** llama.cpp, in process. */
export interface LlamaEngineSpec {
  readonly kind: 'llama'
  /** A GGUF file; left out, the tiny generated model. */
  readonly model?: string | undefined
  readonly threads?: number | undefined
  readonly gpu: boolean
  readonly gpuLayers?: number | undefined
  /** Sequences that are decoded together where the workload does not say. */
  readonly parallel: number
  /** Tokens of context for each sequence; left out, what the workload needs. */
  readonly contextSize?: number | undefined
}

/** Options that every use of llama.cpp shares. */
export const llamaFields = {
  model: nonEmptyString.optional(),
  threads: wholeNumber(1).optional(),
  gpu: boolean.default(false),
  gpuLayers: wholeNumber(0).optional(),
}

const llamaOptions = z.strictObject({ ...llamaFields, parallel: wholeNumber(1).default(8), contextSize: wholeNumber(64).optional() })

/**
 * llama.cpp in process, through the optional peer `node-llama-cpp`.
 * @param options.model a GGUF file (default: a tiny generated model, run on one thread)
 * @param options.threads CPU threads (default: one for the tiny model, else all cores but one)
 * @param options.gpu use the GPU that llama.cpp finds (default: false)
 * @param options.gpuLayers layers to put on the GPU
 * @param options.parallel sequences decoded together by `offline` (default: 8)
 * @param options.contextSize tokens of context for each sequence (default: what the workload needs)
 */
export function llama(options: z.input<typeof llamaOptions> = {}): LlamaEngineSpec {
  return { kind: 'llama', ...parseOptions(llamaOptions, options, 'llama()') }
}

const KINDS: Readonly<Record<EngineSpec['kind'], true>> = {
  llama: true,
  transformers: true,
  vllm: true,
  sglang: true,
  lmdeploy: true,
  paddle: true,
  rosellm: true,
}

/** The `engine` option of a workload, as a spec. */
export const engineOption = z.custom<EngineSpec>(
  (value) => typeof value === 'object' && value !== null && Object.hasOwn(KINDS, (value as Partial<EngineSpec>).kind ?? ''),
  {
    error: 'expected an engine such as llama()',
  },
)

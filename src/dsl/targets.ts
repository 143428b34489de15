import { z } from 'zod'
import { nonEmptyString, parseOptions, positiveSeconds, wholeNumber } from './options.ts'
import { llamaFields } from './engines.ts'
import type { SimulatorTargetSpec } from './simulator.ts'

/** What a workload sends its requests to, as plain data. */
export type TargetSpec = OpenAITargetSpec | StartedTargetSpec

/** A target that the run starts and ends. */
export type StartedTargetSpec = EmbeddedTargetSpec | SimulatorTargetSpec

/** A live server that speaks the OpenAI API. */
export interface OpenAITargetSpec {
  readonly kind: 'openai'
  readonly baseURLs: readonly string[]
  readonly model?: string | undefined
  readonly apiKeys: readonly string[]
  readonly endpoint: 'chat' | 'completions'
  readonly headers: Readonly<Record<string, string>>
  readonly extraBody: Readonly<Record<string, unknown>>
  /** Seconds a whole request may take. */
  readonly timeout: number
  /** Seconds without a byte after which a stream is given up, from the first byte of its body on. */
  readonly idleTimeout: number
  /** A `tokenizer.json` for what the server does not count itself. */
  readonly tokenizer?: string | undefined
}

/** The engine that comes with this package, served on a loopback port for the time of the run. */
export interface EmbeddedTargetSpec {
  readonly kind: 'embedded'
  /** A GGUF file; left out, the tiny generated model. */
  readonly model?: string | undefined
  readonly threads?: number | undefined
  readonly gpu: boolean
  readonly gpuLayers?: number | undefined
  /** Tokens of context for all sequences together; left out, enough for the tiny model's longest, else 16384. */
  readonly contextSize?: number | undefined
  readonly parallel: number
  readonly apiKey?: string | undefined
  readonly endpoint: 'chat' | 'completions'
}

const HTTP_URL = 'expected an http:// or https:// URL'
const httpURL = z
  .string({ error: HTTP_URL })
  .trim()
  .refine((value) => /^https?:\/\//i.test(value) && URL.canParse(value), { error: HTTP_URL, abort: true })
  .refine((value) => !/\/completions\/*$/.test(new URL(value).pathname), { error: 'the base URL ends at /v1' })

const endpoint = z.enum(['chat', 'completions'], { error: "expected 'chat' or 'completions'" })

const openaiOptions = z
  .strictObject({
    baseURL: httpURL.optional(),
    baseURLs: z.array(httpURL).min(1, { error: 'expected at least one URL' }).optional(),
    model: nonEmptyString.optional(),
    apiKey: nonEmptyString.optional(),
    apiKeys: z.array(nonEmptyString).min(1, { error: 'expected at least one key' }).optional(),
    endpoint: endpoint.default('chat'),
    headers: z.record(z.string(), z.string()).default({}),
    extraBody: z.record(z.string(), z.unknown()).default({}),
    timeout: positiveSeconds.default(600),
    idleTimeout: positiveSeconds.default(120),
    tokenizer: nonEmptyString.optional(),
  })
  .refine((options) => (options.baseURL === undefined) !== (options.baseURLs === undefined), {
    error: 'expected exactly one of `baseURL` and `baseURLs`',
  })
  .refine((options) => options.apiKey === undefined || options.apiKeys === undefined, {
    error: 'expected at most one of `apiKey` and `apiKeys`',
  })

/**
 * A server with the OpenAI API: vLLM, SGLang, LMDeploy, llama.cpp, TensorRT-LLM and others.
 * @param options.baseURL with or without `/v1`; several (`baseURLs`) take the requests in turn
 * @param options.model left out, the first model of `/v1/models`
 * @param options.apiKey sent as a bearer token; several (`apiKeys`) are used in turn. Take it from the environment.
 * @param options.endpoint `'chat'` (default) or `'completions'`
 * @param options.extraBody further fields of each request's JSON body
 * @param options.timeout seconds for a whole request (default: 600)
 * @param options.idleTimeout seconds without a byte, counted from the first byte of the answer's body on, until a request is
 *   given up (default: 120); before that byte only `timeout` counts, however long the prefill
 * @param options.tokenizer path of a `tokenizer.json`, used where the server reports no token counts
 * @example openai({ baseURL: 'http://127.0.0.1:8000/v1', model: 'Qwen2.5-7B-Instruct' })
 */
export function openai(options: z.input<typeof openaiOptions>): OpenAITargetSpec {
  const { baseURL, baseURLs, apiKey, apiKeys, ...rest } = parseOptions(openaiOptions, options, 'openai()')
  return { kind: 'openai', baseURLs: baseURLs ?? [baseURL!], apiKeys: apiKeys ?? (apiKey === undefined ? [] : [apiKey]), ...rest }
}

/** The embedded target's options; each one's description is what `serve --help` prints. */
export const embeddedSchema = z.strictObject({
  model: llamaFields.model.describe('a GGUF file (default: a tiny generated model)'),
  threads: llamaFields.threads.describe('CPU threads (default: one for the tiny model, else all cores but one)'),
  gpu: llamaFields.gpu.describe('use the GPU that llama.cpp finds'),
  gpuLayers: llamaFields.gpuLayers.describe('layers to put on the GPU'),
  contextSize: wholeNumber(64)
    .optional()
    .describe('tokens of context for all sequences together (default: 16384; 65536 for the tiny model)'),
  parallel: wholeNumber(1).default(8).describe('sequences that are decoded together; further requests queue'),
  apiKey: nonEmptyString.optional().describe('bearer token that everything but /health asks for'),
  endpoint: endpoint.default('chat').describe('which API a bench uses'),
})

/**
 * llama.cpp inside this package (through the optional peer `node-llama-cpp`), behind an OpenAI-compatible server on a free
 * loopback port. It starts once per run, is shared by the bench files and ends with the run.
 * @param options.model a GGUF file (default: a tiny generated model)
 * @param options.parallel sequences that are decoded together (default: 8); further requests queue
 * @param options.contextSize tokens of context for all sequences together (default: 16384; 65536 for the tiny model)
 */
export function embedded(options: z.input<typeof embeddedSchema> = {}): EmbeddedTargetSpec {
  return parseEmbedded(options, 'embedded()')
}

/** The same for options that came another way, named in errors as `call`. */
export function parseEmbedded(options: unknown, call: string): EmbeddedTargetSpec {
  return { kind: 'embedded', ...parseOptions(embeddedSchema, options, call) }
}

/** The `target` option of a workload, as a spec. */
export const targetOption = z.custom<TargetSpec>(
  (value) => typeof value === 'object' && value !== null && ['openai', 'embedded', 'simulator'].includes((value as TargetSpec).kind),
  {
    error: 'expected a target such as openai({ baseURL }) or embedded()',
  },
)

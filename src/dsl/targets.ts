import { z } from 'zod'
import { llamaFields } from './engines.ts'
import type { CustomTargetSpec } from './custom-target.ts'
import type { HttpTargetSpec } from './http-target.ts'
import { httpTargetFields, parseHttpTarget, profileField } from './http-target.ts'
import type { LaunchTargetSpec } from './launch.ts'
import type { NativeTargetSpec } from './native-targets.ts'
import { nonEmptyString, parseOptions, wholeNumber } from './options.ts'
import { portPlaceholders } from './ports.ts'
import type { PplTargetSpec } from './ppl-target.ts'
import type { SimulatorTargetSpec } from './simulator.ts'

/** What a workload sends its requests to, as plain data. */
export type TargetSpec = LiveTargetSpec | StartedTargetSpec

/** A target that is there already, and is reached over a wire. */
export type LiveTargetSpec = OpenAITargetSpec | NativeTargetSpec | PplTargetSpec | CustomTargetSpec

/** A target that the run starts and ends. */
export type StartedTargetSpec = EmbeddedTargetSpec | SimulatorTargetSpec | LaunchTargetSpec

/** A live server that speaks the OpenAI API. */
export interface OpenAITargetSpec extends HttpTargetSpec {
  readonly kind: 'openai'
  readonly endpoint: 'chat' | 'completions'
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

const endpoint = z.enum(['chat', 'completions'], { error: "expected 'chat' or 'completions'" })

const openaiOptions = z.strictObject({
  ...httpTargetFields({ endpoints: /\/completions$/, ends: 'at /v1' }),
  endpoint: endpoint.default('chat'),
  profile: profileField,
})

/** Options of {@link openai}. */
export type OpenAIOptions = z.input<typeof openaiOptions>

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
 * @param options.socketPath Unix domain socket that the server listens on, in place of the URL's host and port
 * @param options.proxy URL of an HTTP proxy, `http://user:password@host:port`; proxies in the environment are not used
 * @param options.http2 HTTP/2 over TLS, one request at a time on a connection (default: HTTP/1.1)
 * @param options.ca path of a PEM file with CA certificates to trust beside the usual ones
 * @param options.cert path of a PEM file with the client's certificate; `key` is the path of its private key
 * @param options.rejectUnauthorized `false` takes any certificate of the server's (default: true)
 * @param options.profile have vLLM or SGLang profile itself from the end of the warm-up to the end of the load (`/start_profile`)
 * @example openai({ baseURL: 'http://127.0.0.1:8000/v1', model: 'Qwen2.5-7B-Instruct' })
 */
export function openai(options: OpenAIOptions): OpenAITargetSpec {
  return { kind: 'openai', ...parseHttpTarget(openaiOptions, options, 'openai()') }
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

const STARTED: Readonly<Record<StartedTargetSpec['kind'], true>> = { embedded: true, simulator: true, launch: true }
const LIVE: Readonly<Record<LiveTargetSpec['kind'], true>> = {
  openai: true,
  fastdeploy: true,
  lightllm: true,
  amsv2: true,
  sglang: true,
  lmdeploy: true,
  tgi: true,
  triton: true,
  llamacpp: true,
  ollama: true,
  ppl: true,
  custom: true,
}

/** Whether the run starts the target itself. */
export function isStarted(spec: TargetSpec): spec is StartedTargetSpec {
  return Object.hasOwn(STARTED, spec.kind)
}

function isOneOf(kinds: object, value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(kinds, (value as TargetSpec).kind)
}

/** The target that speaks to a launched server. */
export const liveTargetOption = z.custom<LiveTargetSpec>((value) => isOneOf(LIVE, value), {
  error: 'expected a target of a live server, such as openai({ baseURL })',
})

/** The `target` option of a workload, as a spec. */
export const targetOption = z
  .custom<TargetSpec>((value) => isOneOf({ ...STARTED, ...LIVE }, value), {
    error: 'expected a target such as openai({ baseURL }) or embedded()',
    abort: true,
  })
  .refine((target) => isStarted(target) || portPlaceholders(target).length === 0, {
    error: 'only launch({ target }) finds a port for `{port}`; name the port that the server listens on',
  })

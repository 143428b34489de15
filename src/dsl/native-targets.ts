import { z } from 'zod'
import type { HttpTargetSpec } from './http-target.ts'
import { httpTargetFields, parseHttpTarget, profileField } from './http-target.ts'
import { boolean, nonEmptyString } from './options.ts'

/** FastDeploy's form of the OpenAI API. */
export interface FastDeployTargetSpec extends HttpTargetSpec {
  readonly kind: 'fastdeploy'
  readonly endpoint: 'chat' | 'completions'
  /** Mark requests as those of a rollout. */
  readonly training: boolean
}

export interface LightLLMTargetSpec extends HttpTargetSpec {
  readonly kind: 'lightllm'
}

export interface AMSv2TargetSpec extends HttpTargetSpec {
  readonly kind: 'amsv2'
}

export interface SGLangTargetSpec extends HttpTargetSpec {
  readonly kind: 'sglang'
}

export interface LMDeployTargetSpec extends HttpTargetSpec {
  readonly kind: 'lmdeploy'
}

export interface TGITargetSpec extends HttpTargetSpec {
  readonly kind: 'tgi'
}

export interface TritonTargetSpec extends HttpTargetSpec {
  readonly kind: 'triton'
  readonly model: string
}

export interface LlamaCppTargetSpec extends HttpTargetSpec {
  readonly kind: 'llamacpp'
  /** Let the server reuse what it computed for an equal beginning of a prompt. */
  readonly cachePrompt: boolean
}

export interface OllamaTargetSpec extends HttpTargetSpec {
  readonly kind: 'ollama'
  readonly api: 'chat' | 'generate'
}

/** Targets with a protocol of their own, over HTTP. */
export type NativeTargetSpec =
  | FastDeployTargetSpec
  | LightLLMTargetSpec
  | AMSv2TargetSpec
  | SGLangTargetSpec
  | LMDeployTargetSpec
  | TGITargetSpec
  | TritonTargetSpec
  | LlamaCppTargetSpec
  | OllamaTargetSpec

const generateFields = httpTargetFields({ endpoints: /\/generate(_stream)?$/, ends: 'before /generate' })

const fastdeployOptions = z.strictObject({
  ...httpTargetFields({ endpoints: /\/completions$/, ends: 'at /v1' }),
  endpoint: z.enum(['chat', 'completions'], { error: "expected 'chat' or 'completions'" }).default('chat'),
  training: boolean.default(false),
})

/**
 * FastDeploy's OpenAI API. It has no `ignore_eos`: lengths are forced by `min_tokens`.
 * @param options.baseURL with or without `/v1`; several (`baseURLs`) take the requests in turn
 * @param options.endpoint `'chat'` (default) or `'completions'`
 * @param options.training sends `metadata: { training: true }`, the mark of a rollout's requests (default: false)
 * @example fastdeploy({ baseURL: 'http://127.0.0.1:8188', model: 'default' })
 */
export function fastdeploy(options: z.input<typeof fastdeployOptions>): FastDeployTargetSpec {
  return { kind: 'fastdeploy', ...parseHttpTarget(fastdeployOptions, options, 'fastdeploy()') }
}

const lightllmOptions = z.strictObject(generateFields)

/**
 * LightLLM's own API (`/generate_stream`), which counts the tokens of each event. Takes plain prompts and no seed.
 * @param options.baseURL where the server listens; several (`baseURLs`) take the requests in turn
 * @example lightllm({ baseURL: 'http://127.0.0.1:8080' })
 */
export function lightllm(options: z.input<typeof lightllmOptions>): LightLLMTargetSpec {
  return { kind: 'lightllm', ...parseHttpTarget(lightllmOptions, options, 'lightllm()') }
}

const amsv2Options = z.strictObject(
  httpTargetFields({ endpoints: /\/text-generation(\/generate(_stream)?)?$/, ends: 'before /text-generation' }),
)

/**
 * SenseCore's AMSv2 (`/text-generation/generate_stream`). Takes plain prompts and no seed.
 * @param options.baseURL what comes before `/text-generation`; several (`baseURLs`) take the requests in turn
 * @param options.apiKey sent as a bearer token. Take it from the environment.
 * @example amsv2({ baseURL: 'https://host/studio/ams/v2', apiKey: process.env.AMS_TOKEN! })
 */
export function amsv2(options: z.input<typeof amsv2Options>): AMSv2TargetSpec {
  return { kind: 'amsv2', ...parseHttpTarget(amsv2Options, options, 'amsv2()') }
}

const sglangOptions = z.strictObject({ ...generateFields, profile: profileField })

/**
 * SGLang's own API (`/generate`). Takes plain prompts; for chat, use `openai()` on the same server.
 * @param options.baseURL where the server listens; several (`baseURLs`) take the requests in turn
 * @param options.profile have it profile itself from the end of the warm-up to the end of the load (`/start_profile`)
 * @example sglang({ baseURL: 'http://127.0.0.1:30000' })
 */
export function sglang(options: z.input<typeof sglangOptions>): SGLangTargetSpec {
  return { kind: 'sglang', ...parseHttpTarget(sglangOptions, options, 'sglang()') }
}

const lmdeployOptions = z.strictObject(generateFields)

/**
 * LMDeploy's own API (`/generate`). Takes plain prompts and no seed; for chat, use `openai()` on the same server.
 * @param options.baseURL where the server listens; several (`baseURLs`) take the requests in turn
 * @example lmdeploy({ baseURL: 'http://127.0.0.1:23333' })
 */
export function lmdeploy(options: z.input<typeof lmdeployOptions>): LMDeployTargetSpec {
  return { kind: 'lmdeploy', ...parseHttpTarget(lmdeployOptions, options, 'lmdeploy()') }
}

const tgiOptions = z.strictObject(generateFields)

/**
 * Hugging Face's Text Generation Inference (`/generate_stream`). Takes plain prompts; it can't force a length, so that answers
 * may be shorter than the dataset's.
 * @param options.baseURL where the server listens; several (`baseURLs`) take the requests in turn
 * @example tgi({ baseURL: 'http://127.0.0.1:8080' })
 */
export function tgi(options: z.input<typeof tgiOptions>): TGITargetSpec {
  return { kind: 'tgi', ...parseHttpTarget(tgiOptions, options, 'tgi()') }
}

const tritonOptions = z.strictObject({
  ...httpTargetFields({ endpoints: /\/v2(\/models\/.*)?$/, ends: 'before /v2' }),
  model: nonEmptyString.default('ensemble'),
})

/**
 * TensorRT-LLM on Triton (`/v2/models/…/generate_stream`). Takes plain prompts; it counts no tokens, so that a tokenizer does,
 * and does not say why an answer finished.
 * @param options.baseURL where the server listens; several (`baseURLs`) take the requests in turn
 * @param options.model Triton's model (default: `'ensemble'`)
 * @example triton({ baseURL: 'http://127.0.0.1:8000', tokenizer: './tokenizer.json' })
 */
export function triton(options: z.input<typeof tritonOptions>): TritonTargetSpec {
  return { kind: 'triton', ...parseHttpTarget(tritonOptions, options, 'triton()') }
}

const llamacppOptions = z.strictObject({
  ...httpTargetFields({ endpoints: /\/completions?$/, ends: 'before /completion' }),
  cachePrompt: boolean.default(false),
})

/**
 * llama.cpp's own API (`/completion`). Takes plain prompts; for chat, use `openai()` on the same server.
 * @param options.baseURL where the server listens; several (`baseURLs`) take the requests in turn
 * @param options.cachePrompt reuse what was computed for an equal beginning of a prompt (default: false)
 * @example llamacpp({ baseURL: 'http://127.0.0.1:8080' })
 */
export function llamacpp(options: z.input<typeof llamacppOptions>): LlamaCppTargetSpec {
  return { kind: 'llamacpp', ...parseHttpTarget(llamacppOptions, options, 'llamacpp()') }
}

const ollamaOptions = z.strictObject({
  ...httpTargetFields({ endpoints: /\/api(\/(chat|generate))?$/, ends: 'before /api' }),
  api: z.enum(['chat', 'generate'], { error: "expected 'chat' or 'generate'" }).default('chat'),
})

/**
 * Ollama's own API. It can't force a length, so that answers may be shorter than the dataset's.
 * @param options.baseURL where the server listens; several (`baseURLs`) take the requests in turn
 * @param options.model left out, the first model that the server has
 * @param options.api `'chat'` (default) or `'generate'`, which takes plain prompts
 * @example ollama({ baseURL: 'http://127.0.0.1:11434', model: 'llama3.2' })
 */
export function ollama(options: z.input<typeof ollamaOptions>): OllamaTargetSpec {
  return { kind: 'ollama', ...parseHttpTarget(ollamaOptions, options, 'ollama()') }
}

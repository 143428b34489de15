/**
 * Servers that are known by name: the command that starts each, its common options, how to tell that it is ready, and the target
 * that speaks to it.
 * @module
 */
import { z } from 'zod'
import type { LaunchTargetSpec } from './launch.ts'
import { fastdeploy, lightllm, llamacpp, lmdeploy, sglang } from './native-targets.ts'
import { boolean, nonEmptyString, parseOptions, wholeNumber } from './options.ts'
import { ppl } from './ppl-target.ts'
import {
  common,
  engine,
  engineSize,
  interpreter,
  packageVersion,
  protocol,
  python,
  serverOf,
  targetOptions,
  UNBUFFERED,
} from './server-preset.ts'
import type { Flags } from './server-preset.ts'
import { openai } from './targets.ts'
import type { OpenAIOptions } from './targets.ts'

const openaiTarget = targetOptions<OpenAIOptions>()

const vllmOptions = z.strictObject({ ...python, ...engine, enforceEager: boolean.optional(), target: openaiTarget })

/**
 * vLLM's OpenAI server, `python3 -m vllm.entrypoints.openai.api_server`, launched as {@link launch} does.
 * @throws {LlmBenchError} `INVALID_OPTION`
 * @example vllmServer({ model: 'Qwen/Qwen2.5-7B-Instruct', tensorParallelSize: 2, devices: [0, 1] })
 */
export function vllmServer(options: z.input<typeof vllmOptions>): LaunchTargetSpec {
  const o = parseOptions(vllmOptions, options, 'vllmServer()')
  const flags = (port: number | string): Flags => ({
    '--model': o.model,
    '--host': '127.0.0.1',
    '--port': port,
    '--tensor-parallel-size': o.tensorParallelSize,
    '--dtype': o.dtype,
    '--quantization': o.quantization,
    '--max-model-len': o.maxModelLen,
    '--max-num-seqs': o.maxNumSeqs,
    '--gpu-memory-utilization': o.gpuMemoryUtilization,
    '--served-model-name': o.servedModelName,
    '--enable-prefix-caching': o.prefixCaching,
    '--no-enable-prefix-caching': o.prefixCaching === false,
    '--enforce-eager': o.enforceEager,
  })
  // It tells its version by itself.
  const start = { name: 'vllm', command: [...interpreter(o), '-m', 'vllm.entrypoints.openai.api_server'], flags, health: '/health' }
  const speaks = (baseURL: string) => openai({ ...o.target, baseURL })
  return serverOf(o, { ...start, speaks, env: UNBUFFERED }, 'vllmServer()')
}

const sglangOptions = z.strictObject({ ...python, ...engine, protocol, target: openaiTarget })

/**
 * SGLang's server, `python3 -m sglang.launch_server`, launched as {@link launch} does.
 * @throws {LlmBenchError} `INVALID_OPTION`
 */
export function sglangServer(options: z.input<typeof sglangOptions>): LaunchTargetSpec {
  const o = parseOptions(sglangOptions, options, 'sglangServer()')
  const flags = (port: number | string): Flags => ({
    '--model-path': o.model,
    '--host': '127.0.0.1',
    '--port': port,
    '--tp-size': o.tensorParallelSize,
    '--dtype': o.dtype,
    '--quantization': o.quantization,
    '--context-length': o.maxModelLen,
    '--max-running-requests': o.maxNumSeqs,
    '--mem-fraction-static': o.gpuMemoryUtilization,
    '--served-model-name': o.servedModelName,
    '--disable-radix-cache': o.prefixCaching === false,
  })
  const start = { name: 'sglang', command: [...interpreter(o), '-m', 'sglang.launch_server'], flags, health: '/health', env: UNBUFFERED }
  const speaks = (baseURL: string) => (o.protocol === 'openai' ? openai : sglang)({ ...o.target, baseURL })
  return serverOf(o, { ...start, speaks, ...packageVersion(o, 'sglang') }, 'sglangServer()')
}

const lmdeployOptions = z.strictObject({
  ...python,
  ...engine,
  protocol,
  target: openaiTarget,
  backend: z.enum(['turbomind', 'pytorch'], { error: "expected 'turbomind' or 'pytorch'" }).optional(),
})

/**
 * LMDeploy's server, `python3 -m lmdeploy serve api_server`, launched as {@link launch} does.
 * @param options.quantization how the model's weights are (`--model-format`: `awq`, `gptq`, …)
 * @param options.gpuMemoryUtilization share of the free memory for the KV cache (`--cache-max-entry-count`)
 * @throws {LlmBenchError} `INVALID_OPTION`
 */
export function lmdeployServer(options: z.input<typeof lmdeployOptions>): LaunchTargetSpec {
  const o = parseOptions(lmdeployOptions, options, 'lmdeployServer()')
  const flags = (port: number | string): Flags => ({
    '--server-name': '127.0.0.1',
    '--server-port': port,
    '--backend': o.backend,
    '--tp': o.tensorParallelSize,
    '--dtype': o.dtype,
    '--model-format': o.quantization,
    '--session-len': o.maxModelLen,
    '--max-batch-size': o.maxNumSeqs,
    '--cache-max-entry-count': o.gpuMemoryUtilization,
    '--model-name': o.servedModelName,
    '--enable-prefix-caching': o.prefixCaching,
  })
  const command = [...interpreter(o), '-m', 'lmdeploy', 'serve', 'api_server']
  const start = { name: 'lmdeploy', command, words: [o.model], flags, health: '/health', env: UNBUFFERED }
  const speaks = (baseURL: string) => (o.protocol === 'openai' ? openai : lmdeploy)({ ...o.target, baseURL })
  return serverOf(o, { ...start, speaks, ...packageVersion(o, 'lmdeploy') }, 'lmdeployServer()')
}

const fastdeployOptions = z.strictObject({
  ...python,
  ...engineSize,
  quantization: engine.quantization,
  target: targetOptions<Parameters<typeof fastdeploy>[0]>(),
})

/**
 * FastDeploy's server, `python3 -m fastdeploy.entrypoints.openai.api_server`, launched as {@link launch} does. Its further ports are
 * free ones, too.
 * @throws {LlmBenchError} `INVALID_OPTION`
 */
export function fastdeployServer(options: z.input<typeof fastdeployOptions>): LaunchTargetSpec {
  const o = parseOptions(fastdeployOptions, options, 'fastdeployServer()')
  const flags = (port: number | string): Flags => ({
    '--model': o.model,
    '--host': '127.0.0.1',
    '--port': port,
    '--metrics-port': '{port2}',
    '--engine-worker-queue-port': '{port3}',
    '--cache-queue-port': '{port4}',
    '--tensor-parallel-size': o.tensorParallelSize,
    '--quantization': o.quantization,
    '--max-model-len': o.maxModelLen,
    '--max-num-seqs': o.maxNumSeqs,
    '--gpu-memory-utilization': o.gpuMemoryUtilization,
  })
  const command = [...interpreter(o), '-m', 'fastdeploy.entrypoints.openai.api_server']
  const start = { name: 'fastdeploy', command, flags, health: '/health', env: UNBUFFERED }
  const speaks = (baseURL: string) => fastdeploy({ ...o.target, baseURL })
  return serverOf(o, { ...start, speaks, ...packageVersion(o, 'fastdeploy-gpu') }, 'fastdeployServer()')
}

const lightllmOptions = z.strictObject({
  ...python,
  ...engineSize,
  dtype: engine.dtype,
  maxTotalTokens: wholeNumber(1).optional(),
  target: targetOptions<Parameters<typeof lightllm>[0]>(),
})
const LIGHTLLM_TYPES: Readonly<Record<string, string>> = { float16: 'fp16', bfloat16: 'bf16', float32: 'fp32' }

/**
 * LightLLM's server, `python3 -m lightllm.server.api_server`, launched as {@link launch} does.
 * @param options.maxTotalTokens tokens that the GPUs can hold (`--max_total_token_num`)
 * @throws {LlmBenchError} `INVALID_OPTION`
 */
export function lightllmServer(options: z.input<typeof lightllmOptions>): LaunchTargetSpec {
  const o = parseOptions(lightllmOptions, options, 'lightllmServer()')
  const flags = (port: number | string): Flags => ({
    '--model_dir': o.model,
    '--host': '127.0.0.1',
    '--port': port,
    '--nccl_port': '{port2}',
    '--tp': o.tensorParallelSize,
    '--data_type': o.dtype === undefined ? undefined : (LIGHTLLM_TYPES[o.dtype] ?? o.dtype),
    '--max_req_total_len': o.maxModelLen,
    '--running_max_req_size': o.maxNumSeqs,
    '--mem_fraction': o.gpuMemoryUtilization,
    '--max_total_token_num': o.maxTotalTokens,
    '--tokenizer_mode': 'fast',
  })
  const start = {
    name: 'lightllm',
    command: [...interpreter(o), '-m', 'lightllm.server.api_server'],
    flags,
    health: '/health',
    env: UNBUFFERED,
  }
  const speaks = (baseURL: string) => lightllm({ ...o.target, baseURL })
  return serverOf(o, { ...start, speaks, ...packageVersion(o, 'lightllm') }, 'lightllmServer()')
}

const pplOptions = z.strictObject({
  ...common,
  tensorParallelSize: engine.tensorParallelSize,
  maxModelLen: engine.maxModelLen,
  maxNumSeqs: engine.maxNumSeqs,
  modelParamPath: nonEmptyString.optional(),
  tokenizerPath: nonEmptyString,
  target: targetOptions<Parameters<typeof ppl>[0]>(),
})

/**
 * ppl.llm.serving's server, `ppl_llm_server`, launched as {@link launch} does, with the limits that its documentation gives. It is
 * taken to be ready when its port is open, and tells no version.
 * @param options.model folder of the exported model
 * @param options.modelParamPath its `params.json` (default: in that folder)
 * @param options.tokenizerPath its `tokenizer.model`
 * @throws {LlmBenchError} `INVALID_OPTION`
 */
export function pplServer(options: z.input<typeof pplOptions>): LaunchTargetSpec {
  const o = parseOptions(pplOptions, options, 'pplServer()')
  const flags = (port: number | string): Flags => ({
    '--model-dir': o.model,
    '--model-param-path': o.modelParamPath ?? `${o.model}/params.json`,
    '--tokenizer-path': o.tokenizerPath,
    '--tensor-parallel-size': o.tensorParallelSize ?? 1,
    '--top-p': '0.0',
    '--top-k': 1,
    '--max-tokens-scale': 0.94,
    '--max-input-tokens-per-request': 4096,
    '--max-output-tokens-per-request': 4096,
    '--max-total-tokens-per-request': o.maxModelLen ?? 8192,
    '--max-running-batch': o.maxNumSeqs ?? 1024,
    '--max-tokens-per-step': 8192,
    '--host': '127.0.0.1',
    '--port': port,
  })
  const speaks = (baseURL: string) => ppl({ model: o.model, ...o.target, baseURL: baseURL.replace('http:', 'grpc:') })
  return serverOf(o, { name: 'ppl', command: ['ppl_llm_server'], flags, speaks }, 'pplServer()')
}

const llamaOptions = z.strictObject({
  ...common,
  protocol,
  target: openaiTarget,
  contextSize: wholeNumber(1).optional(),
  parallel: wholeNumber(1).optional(),
  threads: wholeNumber(1).optional(),
  gpuLayers: wholeNumber(0).optional(),
})

/**
 * llama.cpp's server, `llama-server`, launched as {@link launch} does.
 * @param options.model a GGUF file
 * @param options.contextSize tokens of context for all sequences together
 * @param options.parallel sequences that are decoded together
 * @throws {LlmBenchError} `INVALID_OPTION`
 */
export function llamaServer(options: z.input<typeof llamaOptions>): LaunchTargetSpec {
  const o = parseOptions(llamaOptions, options, 'llamaServer()')
  const flags = (port: number | string): Flags => ({
    '--model': o.model,
    '--host': '127.0.0.1',
    '--port': port,
    '--ctx-size': o.contextSize,
    '--parallel': o.parallel,
    '--threads': o.threads,
    '--n-gpu-layers': o.gpuLayers,
  })
  const speaks = (baseURL: string) => (o.protocol === 'openai' ? openai : llamacpp)({ ...o.target, baseURL })
  return serverOf(o, { name: 'llama.cpp', command: ['llama-server'], flags, health: '/health', speaks }, 'llamaServer()')
}

const transformersOptions = z.strictObject({
  ...common,
  target: openaiTarget,
  device: nonEmptyString.optional(),
  dtype: nonEmptyString.optional(),
  quantization: nonEmptyString.optional(),
  continuousBatching: boolean.optional(),
})

/**
 * Hugging Face's server, `transformers serve`, launched as {@link launch} does, with the model loaded before the first request.
 * @throws {LlmBenchError} `INVALID_OPTION`
 */
export function transformersServer(options: z.input<typeof transformersOptions>): LaunchTargetSpec {
  const o = parseOptions(transformersOptions, options, 'transformersServer()')
  const flags = (port: number | string): Flags => ({
    '--host': '127.0.0.1',
    '--port': port,
    '--device': o.device,
    '--dtype': o.dtype,
    '--quantization': o.quantization,
    '--continuous-batching': o.continuousBatching,
  })
  const command = o.command ?? ['transformers', 'serve']
  const [program, ...words] = [...command.slice(0, command.at(-1) === 'serve' ? -1 : undefined), 'version']
  const start = { name: 'transformers', command, words: [o.model], flags, health: '/health', env: UNBUFFERED }
  // It lists models of its cache only, and takes others by their path.
  const speaks = (baseURL: string) => openai({ model: o.model, ...o.target, baseURL })
  return serverOf(o, { ...start, speaks, version: { command: program, args: words } }, 'transformersServer()')
}

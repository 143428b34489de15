import { open } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type * as NodeLlamaCpp from 'node-llama-cpp'
import type { Llama, LlamaContextOptions, LlamaModel } from 'node-llama-cpp'
import type { LlamaEngineSpec } from '../../dsl/engines.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'
import { ensureTinyModel, TINY_MODEL_NAME } from './tiny-model.ts'

/** The release that this package is tested with; later ones' platform packages are incomplete. */
const INSTALL = 'npm install -D node-llama-cpp@3.21.1'
const KEPT_LOG_LINES = 20

/** What of a spec says how llama.cpp runs; the options of `llama()` and `embedded()` share it. */
export type LlamaModelOptions = Pick<LlamaEngineSpec, 'model' | 'threads' | 'gpu' | 'gpuLayers'>

/** A model in memory, with all that contexts are made from. */
export interface LoadedModel {
  readonly lib: typeof NodeLlamaCpp
  readonly model: LlamaModel
  /** For people and for `/v1/models`: the file's name without its ending. */
  readonly name: string
  readonly version: string
  /** `tokenizer.json` of the tiny model. */
  readonly tokenizer?: string | undefined
  /** Context options that follow from the spec. */
  readonly contextDefaults: LlamaContextOptions
  dispose(): Promise<void>
}

/**
 * Loads llama.cpp and a model.
 * @param root absolute folder that a relative model path resolves against
 * @param signal breaks loading off
 * @throws {LlmBenchError} `ENGINE` where node-llama-cpp is missing or has no binary for this machine, or the model can't be loaded;
 * `CANCELLED` where the signal aborts
 */
export async function loadModel(options: LlamaModelOptions, root: string, signal?: AbortSignal): Promise<LoadedModel> {
  const isTiny = options.model === undefined
  const tiny = isTiny ? await ensureTinyModel() : undefined
  const file = tiny?.gguf ?? resolve(root, options.model!)
  const called = isTiny ? 'the tiny model' : `the model \`${options.model}\``
  await checkGguf(file, called)
  const lib = await importLibrary()
  const cancelled = (cause?: unknown): LlmBenchError => new LlmBenchError('CANCELLED', `loading ${called} was cancelled`, { cause })
  if (signal?.aborted) throw cancelled()

  const log: string[] = []
  // llama.cpp's threads wait for each other by spinning: one more than there are idle cores makes it many times slower, so one core is
  // left to the rest of the benchmark. More than one only slow a model of the tiny one's size down.
  const maxThreads = options.threads ?? (isTiny ? 1 : Math.max(1, availableParallelism() - 1))
  const llama = await startLlama(lib, options.gpu, maxThreads, (line) => {
    log.push(line)
    if (log.length > KEPT_LOG_LINES) log.shift()
  })
  try {
    const model = await llama.loadModel({
      modelPath: file,
      ...(signal !== undefined && { loadSignal: signal }),
      ...(options.gpu && options.gpuLayers !== undefined && { gpuLayers: options.gpuLayers }),
    })
    return {
      lib,
      model,
      name: isTiny ? TINY_MODEL_NAME : fileStem(file),
      version: `${llama.llamaCppRelease.release} (node-llama-cpp ${await lib.getModuleVersion()})`,
      tokenizer: tiny?.tokenizer,
      contextDefaults: {
        failedCreationRemedy: false,
        threads: options.threads ?? Math.min(maxThreads, llama.cpuMathCores),
        ...(isTiny && { flashAttention: false }),
      },
      // Disposing of llama.cpp disposes of its models first.
      dispose: () => llama.dispose(),
    }
  } catch (error) {
    await llama.dispose()
    if (signal?.aborted) throw cancelled(error)
    throw new LlmBenchError('ENGINE', `llama.cpp can't load ${called} (${file}): ${withLog(error, log)}`, { cause: error })
  }
}

/** What was thrown, followed by what llama.cpp had logged. */
function withLog(error: unknown, log: readonly string[]): string {
  return [messageOf(error), ...log].join('\n  ')
}

async function importLibrary(): Promise<typeof NodeLlamaCpp> {
  try {
    return await import('node-llama-cpp')
  } catch (error) {
    throw new LlmBenchError(
      'ENGINE',
      `llama() and embedded() need the package node-llama-cpp, which can't be loaded: install it by \`${INSTALL}\`. (${messageOf(error)})`,
      { cause: error },
    )
  }
}

async function startLlama(lib: typeof NodeLlamaCpp, gpu: boolean, maxThreads: number, onLog: (line: string) => void): Promise<Llama> {
  try {
    return await lib.getLlama({
      build: 'never',
      skipDownload: true,
      progressLogs: false,
      gpu: gpu ? 'auto' : false,
      maxThreads,
      logLevel: lib.LlamaLogLevel.error,
      // Its own logger may write to stdout, which is not ours to write to.
      logger: (_, message) => onLog(message.trimEnd()),
    })
  } catch (error) {
    throw new LlmBenchError(
      'ENGINE',
      `llama.cpp does not start on this machine (${process.platform} ${process.arch}): ${messageOf(error)}. Reinstall it by \`${INSTALL}\`, ` +
        'without `--omit=optional`, for its binaries come as optional packages.',
      { cause: error },
    )
  }
}

async function checkGguf(file: string, called: string): Promise<void> {
  const magic = Buffer.alloc(4)
  try {
    const handle = await open(file)
    try {
      await handle.read(magic, 0, 4, 0)
    } finally {
      await handle.close()
    }
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new LlmBenchError('ENGINE', `${called} can't be read: ${missing ? `there is no file ${file}` : messageOf(error)}`, {
      cause: error,
    })
  }
  if (magic.toString('latin1') !== 'GGUF') {
    throw new LlmBenchError('ENGINE', `${called} is not a GGUF file: ${file} does not start with "GGUF". llama.cpp reads GGUF only.`)
  }
}

function fileStem(file: string): string {
  return file.replace(/^.*[\\/]/, '').replace(/\.gguf$/i, '')
}

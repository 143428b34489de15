import type { Token } from 'node-llama-cpp'
import type { LlamaEngineSpec } from '../../dsl/engines.ts'
import { messageOf } from '../../errors.ts'
import { startClock } from '../../metrics/clock.ts'
import type { Clock } from '../../metrics/clock.ts'
import type { BatchCase } from '../../metrics/record.ts'
import type {
  Engine,
  EngineAnswer,
  EngineInfo,
  EngineNeeds,
  EngineRequest,
  GenerateOptions,
  LoadContext,
  OneBatchInput,
} from '../engine.ts'
import { Batcher, MOST_SEQUENCES } from './batcher.ts'
import type { JobEnd } from './batcher.ts'
import { loadModel } from './load-model.ts'
import type { LoadedModel } from './load-model.ts'
import { PromptTokens } from './prompt-tokens.ts'
import { runStaticBatch } from './static-batch.ts'
import { TokenTexts, TokenTextStream } from './token-text.ts'

/** What a workload wants of llama.cpp. */
interface LlamaNeeds extends EngineNeeds {
  /** Tokens that one forward pass of `generate` takes at most (default: 512). */
  readonly maxBatchTokens?: number | undefined
}

const MAX_BATCH_TOKENS = 512

/**
 * Loads llama.cpp in this process.
 * @throws {LlmBenchError} `ENGINE` where node-llama-cpp is missing or the model can't be loaded; `CANCELLED` where the signal aborts
 */
export async function loadLlama(spec: LlamaEngineSpec, needs: LlamaNeeds, { root, signal }: LoadContext): Promise<Engine> {
  return new LlamaEngine(await loadModel(spec, root, signal), spec, needs)
}

class LlamaEngine implements Engine {
  readonly info: EngineInfo & { readonly contextLength: number }
  readonly #loaded: LoadedModel
  readonly #spec: LlamaEngineSpec
  readonly #needs: LlamaNeeds
  readonly #prompts: PromptTokens
  readonly #texts: TokenTexts
  readonly #contextLimit: number
  /** Made on first use: static batches have contexts of their own. */
  #batcher: Promise<Batcher> | undefined
  readonly #closing = new AbortController()
  readonly #batches = new Set<Promise<BatchCase>>()
  #closed: Promise<void> | undefined

  constructor(loaded: LoadedModel, spec: LlamaEngineSpec, needs: LlamaNeeds) {
    this.#loaded = loaded
    this.#spec = spec
    this.#needs = needs
    this.#prompts = new PromptTokens(loaded)
    this.#texts = new TokenTexts(loaded.model)
    this.#contextLimit = Math.min(loaded.model.trainContextSize, spec.contextSize ?? Number.POSITIVE_INFINITY)
    const contextLength = Math.min(this.#contextLimit, spec.contextSize ?? needs.contextLength)
    this.info = { name: 'llama.cpp', version: loaded.version, model: loaded.name, contextLength, streams: true }
  }

  async generate(requests: readonly EngineRequest[], options: GenerateOptions): Promise<EngineAnswer[]> {
    const batcher = await (this.#batcher ??= Batcher.create(this.#loaded, {
      parallel: Math.min(this.#needs.schedule?.together ?? this.#spec.parallel, MOST_SEQUENCES),
      contextLength: this.info.contextLength,
      maxBatchTokens: this.#needs.maxBatchTokens ?? MAX_BATCH_TOKENS,
    }))
    const clock = startClock(options.originNs)
    const prompts = requests.map(({ messages }) => this.#prompts.chat(messages))
    return await Promise.all(
      requests.map(async (request, index) => {
        const answer = await this.#answer(batcher, request, prompts[index]!, clock, options)
        options.onAnswer?.(index, answer)
        return answer
      }),
    )
  }

  #answer(
    batcher: Batcher,
    request: EngineRequest,
    prompt: ReturnType<PromptTokens['chat']>,
    clock: Clock,
    { signal, onTokens, keepTokens = false }: GenerateOptions,
  ): Promise<EngineAnswer> {
    const { maxTokens, minTokens = 0, ignoreEos, temperature, topP, topK, seed } = request
    const sentNs = clock.now()
    const needed = prompt.length + maxTokens
    if (needed > this.info.contextLength) {
      return Promise.resolve({
        ...unanswered(sentNs, prompt.length),
        error: `prompt (${prompt.length}) and answer (${maxTokens}) need ${needed} tokens of context, a sequence has ${this.info.contextLength}`,
      })
    }
    const text = new TokenTextStream(this.#texts)
    const gapsMs = new Float32Array(maxTokens - 1)
    const tokens: Token[] = []
    let answer = ''
    let count = 0
    let firstTokenNs: number | undefined
    let lastTokenNs: number | undefined
    return new Promise((resolve) => {
      const finish = (end: JobEnd): void => {
        signal.removeEventListener('abort', cancel)
        const failure = end.reason === 'failed' ? messageOf(end.error) : end.reason === 'cancelled' ? 'cancelled' : undefined
        resolve({
          text: answer + text.end(),
          sentNs,
          firstTokenNs,
          lastTokenNs,
          gapsMs: gapsMs.slice(0, Math.max(0, count - 1)),
          promptTokens: prompt.length,
          outputTokens: count,
          ...(keepTokens && { tokens }),
          ...(failure === undefined ? { finishReason: end.reason === 'length' ? 'length' : 'stop' } : { error: failure }),
        })
      }
      const job = batcher.submit({
        prompt,
        maxTokens,
        sampling: { temperature, topP, topK, seed, ignoreEos, minTokens },
        onToken: (token) => {
          const now = clock.now()
          if (lastTokenNs === undefined) firstTokenNs = now
          else gapsMs[count - 1] = (now - lastTokenNs) / 1e6
          lastTokenNs = now
          count++
          answer += text.push(token)
          if (keepTokens) tokens.push(token)
          onTokens?.(1)
          return true
        },
        onEnd: finish,
      })
      const cancel = (): void => job.cancel()
      if (signal.aborted) cancel()
      else signal.addEventListener('abort', cancel, { once: true })
    })
  }

  async oneBatch(batch: OneBatchInput, signal: AbortSignal): Promise<BatchCase> {
    const running = runStaticBatch(this.#loaded, batch, this.#contextLimit, AbortSignal.any([signal, this.#closing.signal]))
    this.#batches.add(running)
    try {
      return await running
    } finally {
      this.#batches.delete(running)
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#end())
  }

  /** A model that is freed in the middle of a forward pass ends the process. */
  async #end(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#batches)
    const batcher = await this.#batcher?.catch(() => undefined)
    await batcher?.close()
    await this.#loaded.dispose()
  }
}

function unanswered(sentNs: number, promptTokens: number): EngineAnswer {
  return { text: '', sentNs, gapsMs: new Float32Array(0), promptTokens, outputTokens: 0 }
}

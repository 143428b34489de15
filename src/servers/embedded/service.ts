import { randomInt } from 'node:crypto'
import type { Token } from 'node-llama-cpp'
import type { EmbeddedTargetSpec } from '../../dsl/targets.ts'
import { Batcher } from '../../engines/llama/batcher.ts'
import type { JobEnd, JobHandle } from '../../engines/llama/batcher.ts'
import { loadModel } from '../../engines/llama/load-model.ts'
import type { LoadedModel } from '../../engines/llama/load-model.ts'
import { PromptTokens } from '../../engines/llama/prompt-tokens.ts'
import { TokenTexts, TokenTextStream } from '../../engines/llama/token-text.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'
import type { FinishReason, Usage } from '../openai/answer-format.ts'
import { ApiError } from '../openai/api-error.ts'
import type { ServerCounts } from './metrics.ts'
import type { GenerationRequest } from '../openai/request-body.ts'
import { StopStrings } from './stop-strings.ts'

const MAX_BATCH_TOKENS = 512
/** Requests that may wait; more are turned away, so that memory stays bounded. */
const MAX_WAITING = 20_000
const SEEDS = 2 ** 32
/** Tokens of context for all sequences: the tiny model has room for its longest in each, at little cost; a user's model may be large. */
const TINY_CONTEXT = 65_536
const USUAL_CONTEXT = 16_384
const SHORTEST_CONTEXT = 32

/** Takes a request's answers as they come. */
export interface GenerationListener {
  onText(choice: number, text: string): void
  onFinish(choice: number, reason: FinishReason): void
  /** All choices have finished. Not called after a cancel. */
  onDone(usage: Usage): void
  onError(error: ApiError): void
}

/** Generates for requests, whatever they came by. */
export class GenerationService {
  readonly model: string
  readonly version: string
  readonly tokenizer: string | undefined
  readonly contextLength: number
  readonly #loaded: LoadedModel
  readonly #batcher: Batcher
  readonly #prompts: PromptTokens
  readonly #texts: TokenTexts
  #promptTokens = 0
  #predictedTokens = 0

  constructor(loaded: LoadedModel, batcher: Batcher, contextLength: number) {
    this.model = loaded.name
    this.version = loaded.version
    this.tokenizer = loaded.tokenizer
    this.contextLength = contextLength
    this.#loaded = loaded
    this.#batcher = batcher
    this.#prompts = new PromptTokens(loaded)
    this.#texts = new TokenTexts(loaded.model)
  }

  get counts(): ServerCounts {
    return {
      promptTokens: this.#promptTokens,
      predictedTokens: this.#predictedTokens,
      processing: this.#batcher.processing,
      deferred: this.#batcher.waiting,
    }
  }

  /**
   * Starts generating; the listener is called from later turns of the event loop on.
   * @throws {ApiError} where the request can't be served
   */
  start(request: GenerationRequest, listener: GenerationListener): JobHandle {
    if (request.model !== undefined && request.model !== this.model) {
      throw new ApiError(404, `there is no model \`${request.model}\` here, only \`${this.model}\``, {
        code: 'model_not_found',
        param: 'model',
      })
    }
    if (this.#batcher.waiting + request.n > MAX_WAITING) {
      throw new ApiError(503, `more than ${MAX_WAITING} requests are waiting`, { code: 'overloaded' })
    }
    const prompt = this.#promptOf(request)
    const maxTokens = this.#maxTokens(request, prompt.length)
    const seed = request.seed ?? randomInt(SEEDS)
    let running = request.n
    let failed = false
    let completionTokens = 0
    const jobs = Array.from({ length: request.n }, (_, choice) => {
      const text = new TokenTextStream(this.#texts)
      const stops = new StopStrings(request.stop)
      const finish = (end: JobEnd): void => {
        if (end.reason === 'cancelled') return
        if (end.reason === 'failed') {
          if (failed) return
          failed = true
          for (const job of jobs) job.cancel()
          return listener.onError(new ApiError(500, `llama.cpp failed: ${messageOf(end.error)}`))
        }
        const { text: rest, stopped } = end.reason === 'ended' ? { text: '', stopped: true } : stops.push(text.end())
        const last = stopped ? rest : rest + stops.end()
        if (last !== '') listener.onText(choice, last)
        listener.onFinish(choice, end.reason === 'length' && !stopped ? 'length' : 'stop')
        if (--running === 0) listener.onDone({ promptTokens: prompt.length, completionTokens })
      }
      let first = true
      return this.#batcher.submit({
        prompt,
        maxTokens,
        sampling: {
          temperature: request.temperature,
          topP: request.topP,
          topK: request.topK,
          // Each choice has a seed of its own, or all would be the same.
          seed: seed + choice,
          ignoreEos: request.ignoreEos,
          minTokens: request.minTokens,
        },
        onToken: (token) => {
          if (first) this.#promptTokens += prompt.length
          first = false
          this.#predictedTokens++
          completionTokens++
          const piece = stops.push(text.push(token))
          if (piece.text !== '') listener.onText(choice, piece.text)
          return !piece.stopped
        },
        onEnd: finish,
      })
    })
    return {
      cancel: () => jobs.forEach((job) => job.cancel()),
      pause: () => jobs.forEach((job) => job.pause()),
      resume: () => jobs.forEach((job) => job.resume()),
    }
  }

  async close(): Promise<void> {
    await this.#batcher.close()
    await this.#loaded.dispose()
  }

  #promptOf({ prompt }: GenerationRequest): readonly Token[] {
    if (typeof prompt === 'string') return this.#nonEmpty(this.#prompts.text(prompt))
    if (prompt.every((part) => typeof part === 'object')) return this.#prompts.chat(prompt)
    const tokens = prompt as readonly Token[]
    const words = this.#loaded.model.fileInfo.metadata.tokenizer.ggml.tokens.length
    const unknown = tokens.find((token) => token >= words)
    if (unknown !== undefined) throw new ApiError(400, `prompt: the model has no token ${unknown}`, { param: 'prompt' })
    return tokens
  }

  #nonEmpty(tokens: readonly Token[]): readonly Token[] {
    if (tokens.length === 0) throw new ApiError(400, 'prompt: expected a text that is not empty', { param: 'prompt' })
    return tokens
  }

  #maxTokens({ endpoint, maxTokens, minTokens }: GenerationRequest, promptTokens: number): number {
    const room = this.contextLength - promptTokens
    const wanted = maxTokens ?? Math.max(1, room, minTokens)
    if (wanted <= room) return wanted
    throw new ApiError(
      400,
      `This model's maximum context length is ${this.contextLength} tokens. However, you requested ${promptTokens + wanted} tokens ` +
        `(${promptTokens} in the ${endpoint === 'chat' ? 'messages' : 'prompt'}, ${wanted} in the completion).`,
      { code: 'context_length_exceeded', param: endpoint === 'chat' ? 'messages' : 'prompt' },
    )
  }
}

/**
 * Loads the model and makes its sequences; they share the spec's context evenly.
 * @throws {LlmBenchError} `ENGINE`
 */
export async function loadService(spec: EmbeddedTargetSpec, root: string): Promise<GenerationService> {
  const contextSize = spec.contextSize ?? (spec.model === undefined ? TINY_CONTEXT : USUAL_CONTEXT)
  const share = Math.floor(contextSize / spec.parallel)
  if (share < SHORTEST_CONTEXT) {
    throw new LlmBenchError(
      'ENGINE',
      `embedded(): \`contextSize\` (${contextSize}) is shared by \`parallel\` (${spec.parallel}) sequences, which leaves ${share} tokens ` +
        `for each; ${SHORTEST_CONTEXT} are the least: raise \`contextSize\` or lower \`parallel\`.`,
    )
  }
  const loaded = await loadModel(spec, root)
  const contextLength = Math.min(share, loaded.model.trainContextSize)
  const batcher = await Batcher.create(loaded, { parallel: spec.parallel, contextLength, maxBatchTokens: MAX_BATCH_TOKENS })
  return new GenerationService(loaded, batcher, contextLength)
}

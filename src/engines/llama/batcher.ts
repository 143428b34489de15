import type { BatchItem, LlamaContext, LlamaContextSequence, PrioritizedBatchItem, Token } from 'node-llama-cpp'
import { LlmBenchError, messageOf } from '../../errors.ts'
import type { LoadedModel } from './load-model.ts'
import { SamplingOptions } from './sampling.ts'
import type { Sampling } from './sampling.ts'

/** llama.cpp's own limit (`LLAMA_MAX_SEQ`). */
export const MOST_SEQUENCES = 256

/** One answer to generate. */
export interface BatcherJob {
  /** At least one token. */
  readonly prompt: readonly Token[]
  /** From 1; prompt and answer together fit the context. */
  readonly maxTokens: number
  readonly sampling: Sampling
  /** Called as soon as a token is there; `false` ends the answer. */
  onToken(token: Token): boolean
  /** Called once, after the sequence has been freed. */
  onEnd(end: JobEnd): void
}

export type JobEnd =
  /** `maxTokens` reached, or the model ended the answer, or `onToken` did. */
  | { readonly reason: 'length' | 'stop' | 'ended' }
  | { readonly reason: 'cancelled' }
  | { readonly reason: 'failed'; readonly error: unknown }

/** A submitted job. */
export interface JobHandle {
  /** Ends the job and frees its sequence when the step in progress is done. */
  cancel(): void
  /** While paused, a job keeps its sequence and generates nothing. */
  pause(): void
  resume(): void
}

export interface BatcherOptions {
  /** Sequences that are decoded together. */
  readonly parallel: number
  /** Tokens of context for each. */
  readonly contextLength: number
  /** Tokens that one forward pass takes at most: long prompts go in pieces, so that others' decoding goes on. */
  readonly maxBatchTokens: number
}

class Job implements JobHandle {
  readonly request: BatcherJob
  readonly #kick: (job: Job) => void
  sequence: LlamaContextSequence | undefined
  number = -1
  tokens: AsyncGenerator<Token, void> | undefined
  /** Prompt tokens that the sequence holds. */
  fed = 0
  generated = 0
  end: JobEnd | undefined
  paused = false

  constructor(request: BatcherJob, kick: (job: Job) => void) {
    this.request = request
    this.#kick = kick
  }

  cancel(): void {
    if (this.end !== undefined) return
    this.end = { reason: 'cancelled' }
    this.#kick(this)
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.#kick(this)
  }
}

/**
 * Continuous batching: a pool of sequences that advance in lock step, one forward pass a step. In each step every answering job
 * decodes one token, and prompts fill what is left of the batch; jobs that find no free sequence wait in line, first come first served.
 * A sequence is emptied before it is used again, so no answer depends on what ran before it.
 */
export class Batcher {
  readonly #context: LlamaContext
  readonly #sampling: SamplingOptions
  readonly #maxBatchTokens: number
  readonly #sequences: readonly LlamaContextSequence[]
  /** Numbers of free sequences, highest first. */
  #free: number[]
  readonly #queue: Job[] = []
  #active: Job[] = []
  #loop: Promise<void> | undefined

  private constructor(loaded: LoadedModel, context: LlamaContext, options: BatcherOptions) {
    this.#context = context
    this.#sampling = new SamplingOptions(loaded)
    this.#maxBatchTokens = Math.max(options.maxBatchTokens, options.parallel)
    this.#sequences = Array.from({ length: options.parallel }, () => context.getSequence())
    this.#free = this.#sequences.map((_, number) => number).toReversed()
  }

  /** @throws {LlmBenchError} `ENGINE` where there is no room for so many sequences of that length */
  static async create(loaded: LoadedModel, options: BatcherOptions): Promise<Batcher> {
    const { parallel, contextLength } = options
    let context: LlamaContext
    try {
      context = await loaded.model.createContext({
        ...loaded.contextDefaults,
        sequences: parallel,
        contextSize: contextLength,
        batchSize: Math.max(options.maxBatchTokens, parallel),
        batching: { dispatchSchedule: 'nextCycle', itemPrioritizationStrategy: takeWhole },
      })
    } catch (error) {
      throw new LlmBenchError(
        'ENGINE',
        `llama.cpp can't make a context of ${parallel} sequences (\`parallel\`) with ${contextLength} tokens each: ${messageOf(error)}. ` +
          `It takes ${MOST_SEQUENCES} sequences at most; lower \`parallel\` or \`contextSize\`.`,
        { cause: error },
      )
    }
    return new Batcher(loaded, context, options)
  }

  /** Jobs that have a sequence. */
  get processing(): number {
    return this.#active.length
  }

  /** Jobs that wait for one. */
  get waiting(): number {
    return this.#queue.length
  }

  submit(request: BatcherJob): JobHandle {
    const job = new Job(request, (changed) => this.#changed(changed))
    this.#queue.push(job)
    this.#start()
    return job
  }

  /** Cancels what is left and frees the context. */
  async close(): Promise<void> {
    for (const job of [...this.#queue, ...this.#active]) job.cancel()
    await this.#loop
    await this.#context.dispose()
  }

  #changed(job: Job): void {
    if (job.end === undefined || job.sequence !== undefined) return this.#start()
    const place = this.#queue.indexOf(job)
    if (place === -1) return
    this.#queue.splice(place, 1)
    job.request.onEnd(job.end)
  }

  #start(): void {
    if (this.#loop !== undefined) return
    // Once a turn of the event loop, so that requests that come together start together.
    this.#loop = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#run())
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        await this.#retire()
        this.#admit()
        const steps = this.#plan()
        if (steps.length > 0) await Promise.all(steps.map(({ job, promptTokens }) => this.#advance(job, promptTokens)))
        else if (!this.#active.some((job) => job.end !== undefined)) break
      }
    } catch (error) {
      this.#failAll(error)
    } finally {
      this.#loop = undefined
    }
  }

  #failAll(error: unknown): void {
    const jobs = [...this.#active, ...this.#queue.splice(0)]
    this.#active = []
    for (const job of jobs) {
      job.end = { reason: 'failed', error }
      job.request.onEnd(job.end)
    }
  }

  #admit(): void {
    while (this.#free.length > 0 && this.#queue.length > 0) {
      const job = this.#queue.shift()!
      job.number = this.#free.pop()!
      job.sequence = this.#sequences[job.number]!
      this.#active.push(job)
    }
    // llama.cpp computes sequences in one pass only where their numbers follow one another.
    this.#active = this.#active.toSorted((a, b) => a.number - b.number)
  }

  /** Who advances in the next step, and by how many prompt tokens (0: it decodes). */
  #plan(): { job: Job; promptTokens: number }[] {
    const runnable = this.#active.filter((job) => !job.paused && job.end === undefined)
    let budget = this.#maxBatchTokens - runnable.filter((job) => job.tokens !== undefined).length
    return runnable.flatMap((job) => {
      if (job.tokens !== undefined) return { job, promptTokens: 0 }
      const promptTokens = Math.min(job.request.prompt.length - job.fed, budget)
      budget -= promptTokens
      return promptTokens > 0 ? { job, promptTokens } : []
    })
  }

  async #advance(job: Job, promptTokens: number): Promise<void> {
    const { request } = job
    try {
      if (promptTokens > 0) {
        const piece = request.prompt.slice(job.fed, job.fed + promptTokens)
        job.fed += promptTokens
        if (job.fed < request.prompt.length) return await job.sequence!.evaluateWithoutGeneratingNewTokens(piece)
        job.tokens = job.sequence!.evaluate(
          piece,
          this.#sampling.for(request.sampling, () => job.generated),
        )
      }
      const next = await job.tokens!.next()
      if (job.end !== undefined) return
      if (next.done === true || this.#context.model.isEogToken(next.value)) {
        job.end = { reason: 'stop' }
        return
      }
      job.generated++
      const wantsMore = request.onToken(next.value)
      if (!wantsMore) job.end = { reason: 'ended' }
      else if (job.generated >= request.maxTokens) job.end = { reason: 'length' }
    } catch (error) {
      job.end = { reason: 'failed', error }
    }
  }

  async #retire(): Promise<void> {
    const ended = this.#active.filter((job) => job.end !== undefined)
    if (ended.length === 0) return
    await Promise.all(
      ended.map(async ({ tokens, sequence }) => {
        await tokens?.return()
        await sequence!.clearHistory()
      }),
    )
    this.#active = this.#active.filter((job) => !ended.includes(job))
    this.#free = [...this.#free, ...ended.map(({ number }) => number)].toSorted((a, b) => b - a)
    for (const job of ended) job.request.onEnd(job.end!)
  }
}

/** Every item whole: the steps are planned to fit the batch. */
function takeWhole({ items }: { items: readonly BatchItem[] }): PrioritizedBatchItem[] {
  return items.map((item) => ({ item, processAmount: item.tokens.length }))
}

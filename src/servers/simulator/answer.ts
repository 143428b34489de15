import type { FinishReason, Usage } from '../openai/answer-format.ts'
import type { GenerationRequest } from '../openai/request-body.ts'
import type { Connection } from './connection.ts'
import type { Draws, Fault } from './draws.ts'
import { Frames } from './frames.ts'
import type { Generation, Outcome } from './scheduler.ts'

/** What an answer is to be. */
export interface AnswerPlan {
  readonly request: GenerationRequest
  readonly model: string
  readonly promptTokens: number
  /** Of each choice. */
  readonly tokens: number
  readonly reason: FinishReason
  readonly tokensPerChunk: number
  /** From admission to the first chunk. */
  readonly firstMs: number
  readonly draws: Draws
  readonly connection: Connection
}

/** What answers tell the server. */
export interface AnswerHost {
  now(): number
  /** Tokens of this answer are about to be written: so many, due then, written now. */
  sending(answer: Answer, tokens: number, dueNs: number, nowNs: number): void
  /** An answer that waited goes on, after some milliseconds. */
  resume(answer: Answer, afterMs?: number): void
  /** An answer is over, as planned or not. */
  ended(answer: Answer): void
}

/** One request's answer: it sends what is due, and goes wrong where that was drawn. */
export abstract class Answer implements Generation {
  readonly firstMs: number
  /** When the write of the first and of the last token began; 0 until then. */
  firstNs = 0
  lastNs = 0
  protected readonly plan: AnswerPlan
  protected readonly host: AnswerHost
  protected readonly frames: Frames
  /** Tokens of each choice so far. */
  protected made = 0
  /** The fault that is still to come, and after how many tokens. */
  protected fault: Fault | undefined
  readonly #faultAt: number
  #over = false

  constructor(plan: AnswerPlan, host: AnswerHost) {
    this.plan = plan
    this.host = host
    this.firstMs = plan.firstMs
    this.frames = new Frames(plan.request, plan.model)
    const { fault } = plan.draws
    // Held back headers are over when the answer begins.
    this.fault = fault?.kind === 'slowHeaders' ? undefined : fault
    const half = plan.tokens >> 1
    this.#faultAt = fault?.kind === 'empty' ? 0 : Math.min(fault?.afterTokens ?? half, plan.tokens - 1)
    plan.connection.onGone = () => this.end()
  }

  /** Whether the client could have had the answer's first token. */
  abstract readonly sentTokens: number

  gapMs(): number {
    return this.plan.draws.gapMs()
  }

  get heldTokens(): number {
    return this.plan.promptTokens + this.made * this.plan.request.n
  }

  get promptTokens(): number {
    return this.plan.promptTokens
  }

  get usage(): Usage {
    return { promptTokens: this.plan.promptTokens, completionTokens: this.made * this.plan.request.n }
  }

  advance(chunks: number, dueNs: number): Outcome {
    if (this.fault !== undefined && this.made >= this.#faultAt) {
      const outcome = this.#goWrong(this.fault)
      if (outcome !== undefined) return outcome
    }
    const limit = this.fault === undefined ? this.plan.tokens : this.#faultAt
    return this.makeChunks(chunks, limit, dueNs)
  }

  /** Makes chunks, up to so many tokens in all. */
  protected abstract makeChunks(chunks: number, limit: number, dueNs: number): Outcome

  /** Sends what an `empty`, `truncate`, `badJson` or `errorEvent` fault shows. @returns undefined where the answer goes on */
  protected abstract misbehave(kind: Fault['kind']): Outcome | undefined

  /** Tokens for the client are about to be written. */
  protected sending(tokens: number, dueNs: number): void {
    const nowNs = this.host.now()
    if (this.firstNs === 0) this.firstNs = nowNs
    this.lastNs = nowNs
    this.host.sending(this, tokens * this.plan.request.n, dueNs, nowNs)
  }

  /** Nothing more is to come. */
  protected end(): 'ended' {
    if (!this.#over) {
      this.#over = true
      this.host.ended(this)
    }
    return 'ended'
  }

  #goWrong(fault: Fault): Outcome | undefined {
    this.fault = undefined
    if (fault.kind === 'reset') {
      this.plan.connection.reset()
      return this.end()
    }
    if (fault.kind === 'stall') {
      if (fault.duration !== undefined) this.host.resume(this, fault.duration)
      return 'waits'
    }
    return this.misbehave(fault.kind)
  }
}

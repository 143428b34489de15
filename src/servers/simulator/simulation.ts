import type { SimulatorTargetSpec } from '../../dsl/simulator.ts'
import type { Clock } from '../../metrics/clock.ts'
import { Timekeeper } from '../../timekeeper.ts'
import { ApiError } from '../openai/api-error.ts'
import type { FinishReason } from '../openai/answer-format.ts'
import { parseGenerationRequest } from '../openai/request-body.ts'
import type { GenerationRequest } from '../openai/request-body.ts'
import type { Answer, AnswerPlan } from './answer.ts'
import type { Connection } from './connection.ts'
import { drawRequest, drawSteps } from './draws.ts'
import type { Draws } from './draws.ts'
import type { SimulatorCounts } from './metrics.ts'
import { promptTokensOf, requestId } from './request-facts.ts'
import type { HttpRequest } from './request-reader.ts'
import { Scheduler } from './scheduler.ts'
import type { Seat } from './scheduler.ts'
import { SendDelays } from './send-delays.ts'
import { SIMULATED_ERROR, SIMULATED_OVERLOAD } from './simulated-error.ts'
import { StreamedAnswer } from './streamed-answer.ts'
import type { TruthLog } from './truth-log.ts'
import { WholeAnswer } from './whole-answer.ts'

const DEFAULT_TOKENS = 128
/** Longer answers are refused, as by a model's context. */
const MAX_TOKENS = 1_000_000
const HEADERS_DELAY_MS = 5000
const RETRY_AFTER_MS = 1000

/** What stands in the log for one answer. */
interface Ticket {
  readonly id: string
  readonly receivedNs: number
  readonly reason: FinishReason
  readonly tokens: number
  seat?: Seat
}

/** The pretended engine: takes generation requests, plans each by its draws, and keeps the books. */
export class Simulation {
  readonly times: Timekeeper
  /** Called when the first generation request comes. */
  onFirstRequest: () => void = () => {}
  readonly #spec: SimulatorTargetSpec
  readonly #clock: Clock
  readonly #log: TruthLog
  readonly #scheduler: Scheduler
  readonly #tickets = new Map<Answer, Ticket>()
  readonly #delays = new SendDelays()
  readonly #faults: Record<string, number> = {}
  readonly #succeeded = { stop: 0, length: 0 }
  #requests = 0
  #firstNs = 0
  #promptTokens = 0
  #generationTokens = 0

  constructor(spec: SimulatorTargetSpec, clock: Clock, log: TruthLog) {
    this.#spec = spec
    this.#clock = clock
    this.#log = log
    this.times = new Timekeeper(clock)
    const { maxNumSeqs = Infinity, timeFactorUnderLoad, stepMs } = spec
    this.#scheduler = new Scheduler(
      { maxNumSeqs, timeFactorUnderLoad, stepMs: stepMs === undefined ? undefined : drawSteps(spec) },
      this.times,
    )
  }

  get counts(): SimulatorCounts {
    return {
      running: this.#scheduler.running,
      waiting: this.#scheduler.waiting,
      kvCacheUsage: Math.min(1, this.#scheduler.heldTokens / this.#spec.kvCacheTokens),
      promptTokens: this.#promptTokens,
      generationTokens: this.#generationTokens,
      succeeded: this.#succeeded,
    }
  }

  /** How well the server has kept its plan, and what it did wrong on purpose. */
  get stats(): object {
    return { requests: this.#requests, faults: this.#faults, sendDelayMs: this.#delays.summary() }
  }

  /**
   * Answers a generation request, at once or over time.
   * @throws {ApiError} where it can't be served
   */
  generate(endpoint: 'chat' | 'completions', http: HttpRequest, connection: Connection, receivedNs: number): void {
    const request = parseGenerationRequest(endpoint, http.body.toString('utf8'))
    this.#check(request)
    if (this.#requests++ === 0) {
      this.#firstNs = receivedNs
      this.onFirstRequest()
    }
    const draws = drawRequest(this.#spec, this.#requests, (receivedNs - this.#firstNs) / 1e6)
    const { fault } = draws
    if (fault !== undefined) this.#faults[fault.kind] = (this.#faults[fault.kind] ?? 0) + 1
    if (fault?.kind === 'http500') throw SIMULATED_ERROR
    if (fault?.kind === 'http429') {
      const seconds = Math.ceil((fault.retryAfter ?? RETRY_AFTER_MS) / 1000)
      return connection.sendError(SIMULATED_OVERLOAD, `retry-after: ${seconds}\r\n`)
    }
    const plan = this.#planOf(request, draws, connection)
    const begin = (nowNs: number): void => {
      if (request.stream) connection.startStream()
      const answer = new (request.stream ? StreamedAnswer : WholeAnswer)(plan, this.#host)
      const ticket: Ticket = { id: requestId(http), receivedNs, reason: plan.reason, tokens: plan.tokens * request.n }
      this.#tickets.set(answer, ticket)
      ticket.seat = this.#scheduler.submit(answer, nowNs)
    }
    if (fault?.kind !== 'slowHeaders') return begin(receivedNs)
    let gone = false
    connection.onGone = () => (gone = true)
    this.times.after(fault.delay ?? HEADERS_DELAY_MS, () => {
      if (!gone) begin(this.#clock.now())
    })
  }

  /** Ends all answers where they are, and writes them down. */
  close(): void {
    this.times.close()
    for (const answer of this.#tickets.keys()) this.#host.ended(answer)
  }

  readonly #host = {
    now: (): number => this.#clock.now(),
    sending: (answer: Answer, tokens: number, dueNs: number, nowNs: number): void => {
      if (answer.firstNs === nowNs) this.#promptTokens += answer.promptTokens
      this.#generationTokens += tokens
      this.#delays.add((nowNs - dueNs) / 1e6)
    },
    resume: (answer: Answer, afterMs?: number): void => {
      const go = (): void => this.#tickets.get(answer)?.seat?.resume(this.#clock.now())
      if (afterMs === undefined) go()
      else this.times.after(afterMs, go)
    },
    ended: (answer: Answer): void => {
      const ticket = this.#tickets.get(answer)
      if (ticket === undefined) return
      this.#tickets.delete(answer)
      if (answer.sentTokens === ticket.tokens) this.#succeeded[ticket.reason]++
      this.#log.add({
        id: ticket.id,
        receivedNs: this.#toHrtime(ticket.receivedNs),
        firstNs: answer.firstNs === 0 ? 0n : this.#toHrtime(answer.firstNs),
        lastNs: answer.lastNs === 0 ? 0n : this.#toHrtime(answer.lastNs),
        tokens: answer.sentTokens,
      })
      if (ticket.seat) this.#scheduler.leave(ticket.seat, this.#clock.now())
    },
  }

  #check({ model, maxTokens }: GenerationRequest): void {
    if (model !== undefined && model !== this.#spec.model) {
      throw new ApiError(404, `there is no model \`${model}\` here, only \`${this.#spec.model}\``, {
        code: 'model_not_found',
        param: 'model',
      })
    }
    if (maxTokens !== undefined && maxTokens > MAX_TOKENS) {
      throw new ApiError(400, `max_tokens (${maxTokens}) is more than ${MAX_TOKENS}`, {
        code: 'context_length_exceeded',
        param: 'max_tokens',
      })
    }
  }

  #planOf(request: GenerationRequest, draws: Draws, connection: Connection): AnswerPlan {
    const promptTokens = promptTokensOf(request.prompt)
    const tokens = answerLength(request, draws.outputTokens)
    return {
      request,
      model: this.#spec.model,
      promptTokens,
      tokens,
      reason: tokens === request.maxTokens || draws.outputTokens === undefined ? 'length' : 'stop',
      tokensPerChunk: this.#spec.tokensPerChunk,
      firstMs: draws.ttftMs + this.#spec.prefillTimePerToken * promptTokens,
      draws,
      connection,
    }
  }

  #toHrtime(ns: number): bigint {
    return this.#clock.originNs + BigInt(Math.round(ns))
  }
}

/** Tokens of an answer that would end by itself after `drawn`, if it would, within what the request asks for. */
function answerLength({ maxTokens, minTokens, ignoreEos }: GenerationRequest, drawn: number | undefined): number {
  if (drawn === undefined) return maxTokens ?? Math.max(DEFAULT_TOKENS, minTokens)
  if (ignoreEos && maxTokens !== undefined) return maxTokens
  return Math.min(Math.max(drawn, minTokens), maxTokens ?? MAX_TOKENS)
}

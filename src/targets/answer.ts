import type { Failure } from './wire/failure.ts'
import { WireError } from './wire/failure.ts'
import type { Exchange } from './wire/http.ts'
import type { Answer, Choice } from './target.ts'

/** What the decoders of every wire protocol tell about an answer. */
export interface AnswerSink {
  /** Further text of the model; '' is no token. */
  token(choice: number, text: string, kind: 'answer' | 'reasoning'): void
  /** All text of the choice so far: what it has more than before is further text. */
  textSoFar(choice: number, text: string): void
  finish(choice: number, reason: string): void
  /** The counts so far; the last ones count. 0 tokens of the prompt: the server does not tell them. */
  usage(promptTokens: number, outputTokens: number): void
  /** An error that the server reports inside of the answer; the first one counts. */
  serverError(message: string): void
}

/** Puts an answer together from what a decoder tells, chunk by chunk. */
export class AnswerBuilder implements AnswerSink {
  readonly #choices: ChoiceBuilder[]
  /** The decoder that reads whole bodies has no times of tokens. */
  readonly #streamed: boolean
  #chunk = 0
  #readNs = Number.NaN
  #usage: { promptTokens: number; outputTokens: number } | undefined
  #serverError: string | undefined
  readonly #tellsFinish: boolean
  /** The protocol's own mark for the end of the stream has come. */
  #ended = false
  /** The stream ended within an event. */
  #cutOff = false
  readonly keepsText: boolean
  /** Chunks with tokens, of all choices. */
  tokenChunks = 0

  /**
   * @param keepText whether texts are collected: without, they are ''
   * @param tellsFinish whether a whole stream tells why each answer finished
   */
  constructor(n: number, streamed: boolean, keepText = true, tellsFinish = true) {
    this.keepsText = keepText
    this.#tellsFinish = tellsFinish
    this.#choices = Array.from({ length: n }, () => new ChoiceBuilder())
    this.#streamed = streamed
  }

  /** What follows came in one chunk, read at this time. */
  beginChunk(readNs: number): void {
    this.#chunk++
    this.#readNs = readNs
  }

  token(choice: number, text: string, kind: 'answer' | 'reasoning'): void {
    if (text === '') return
    this.untoldToken(choice, kind)
    if (this.keepsText) this.#choice(choice).addText(text, kind)
  }

  /** There is a text, and nobody needs it. */
  untoldToken(choice: number, kind: 'answer' | 'reasoning'): void {
    if (this.#choice(choice).add(kind, this.#chunk, this.#readNs, this.#streamed)) this.tokenChunks++
  }

  textSoFar(choice: number, text: string): void {
    const before = this.#choice(choice).grow(text.length)
    if (before < text.length) this.token(choice, before === 0 ? text : text.slice(before), 'answer')
  }

  finish(choice: number, reason: string): void {
    this.#choice(choice).finishReason = reason
  }

  usage(promptTokens: number, outputTokens: number): void {
    this.#usage = { promptTokens, outputTokens }
  }

  serverError(message: string): void {
    this.#serverError ??= message
  }

  endMark(): void {
    this.#ended = true
  }

  cutOff(): void {
    this.#cutOff = true
  }

  /** Whether nothing of an answer has come: no choice, no count, no error. */
  get blank(): boolean {
    return this.#usage === undefined && this.#serverError === undefined && !this.#choices.some((choice) => choice.begun)
  }

  /** The answer as it is after its exchange, and what is wrong with it. */
  build(exchange: Exchange, address: string, keepText: boolean): Answer {
    // A server that counts no token of an answer with tokens does not count.
    const withText = keepText || !this.#usage?.outputTokens
    return {
      address,
      sentNs: exchange.sentNs,
      connectNs: exchange.connectNs,
      endNs: exchange.endNs,
      usage: this.#usage,
      choices: this.#choices.map((choice) => choice.build(withText, this.#streamed ? undefined : exchange.lastReadNs)),
      error: this.#error(exchange.failure),
      resent: exchange.resent,
    }
  }

  #error(failure: Failure | undefined): Failure | undefined {
    if (this.#serverError !== undefined) return { kind: 'server', message: this.#serverError }
    // What goes wrong with the connection after the end mark is no concern of the answer's.
    if (failure !== undefined && !(this.#ended && failure.kind !== 'cancelled')) return failure
    const broken = this.#choices.find((choice) => choice.finishReason === 'error' || choice.finishReason === 'abort')
    if (broken !== undefined) return { kind: 'server', message: `the server finished the answer with '${broken.finishReason}'` }
    const begun = this.#choices.filter((choice) => choice.begun)
    if (this.#streamed && this.#isTruncated(begun)) return TRUNCATED
    if (this.#choices.every((choice) => choice.chunks === 0)) return this.#emptyFailure()
    if (begun.length === this.#choices.length) return undefined
    return { kind: 'protocol', message: `${this.#choices.length} answers were asked for (n) and ${begun.length} came` }
  }

  #isTruncated(begun: readonly ChoiceBuilder[]): boolean {
    if (!this.#tellsFinish) return this.#cutOff || this.#chunk === 0
    return begun.length === 0 ? !this.#ended : begun.some((choice) => choice.finishReason === undefined)
  }

  #emptyFailure(): Failure | undefined {
    const counted = this.#usage?.outputTokens ?? 0
    if (counted === 0) return { kind: 'empty', message: 'the answer finished without a token' }
    // Without a stream there is no time of a token to be had, so that the count is all that is asked for.
    if (!this.#streamed) return undefined
    return { kind: 'empty', message: `the answer finished without text, though the server counts ${counted} tokens` }
  }

  #choice(index: number): ChoiceBuilder {
    const choice = this.#choices[index]
    if (choice === undefined) {
      throw new WireError('protocol', `the answer has a choice ${index}, though only ${this.#choices.length} were asked for (n)`)
    }
    return choice
  }
}

const TRUNCATED: Failure = { kind: 'truncated', message: 'the stream ended without a finish reason' }

class ChoiceBuilder {
  chunks = 0
  finishReason: string | undefined
  #lastChunk = -1
  // NaN where there is none, so that a number is stored in place.
  #firstTokenNs = Number.NaN
  #firstAnswerNs = Number.NaN
  #lastTokenNs = Number.NaN
  readonly #gapsMs = new GapList()
  /** Characters that have come of a text that is told from its start each time. */
  #length = 0
  #answer = ''
  #reasoning = ''

  get begun(): boolean {
    return this.chunks > 0 || this.finishReason !== undefined
  }

  /** @returns the length so far */
  grow(length: number): number {
    const before = this.#length
    this.#length = Math.max(before, length)
    return before
  }

  addText(text: string, kind: 'answer' | 'reasoning'): void {
    if (kind === 'answer') this.#answer += text
    else this.#reasoning += text
  }

  /** Whether it is the first of its chunk. */
  add(kind: 'answer' | 'reasoning', chunk: number, readNs: number, streamed: boolean): boolean {
    if (streamed && kind === 'answer' && Number.isNaN(this.#firstAnswerNs)) this.#firstAnswerNs = readNs
    if (chunk === this.#lastChunk) return false
    this.#lastChunk = chunk
    this.chunks++
    if (streamed) {
      if (Number.isNaN(this.#firstTokenNs)) this.#firstTokenNs = readNs
      else this.#gapsMs.push((readNs - this.#lastTokenNs) / 1e6)
      this.#lastTokenNs = readNs
    }
    return true
  }

  /** @param wholeReadNs when the whole answer had been read, where it did not come token by token */
  build(withText: boolean, wholeReadNs: number | undefined): Choice {
    return {
      firstTokenNs: known(this.#firstTokenNs),
      firstAnswerNs: known(this.#firstAnswerNs),
      lastTokenNs: known(this.#lastTokenNs) ?? (this.begun ? wholeReadNs : undefined),
      chunks: this.chunks,
      gapsMs: this.#gapsMs.list(),
      finishReason: this.finishReason,
      text: withText ? this.#reasoning + this.#answer : '',
      reasoningLength: withText && this.#reasoning !== '' ? this.#reasoning.length : undefined,
    }
  }
}

function known(ns: number): number | undefined {
  return Number.isNaN(ns) ? undefined : ns
}

const FIRST_GAPS = 64
const NO_GAPS = new Float32Array(0)

/** Gaps in ms. Outside of the heap, for collecting garbage would copy them again and again while their answer grows. */
class GapList {
  #gaps = NO_GAPS
  #length = 0

  push(ms: number): void {
    if (this.#length === this.#gaps.length) {
      const grown = new Float32Array(Math.max(FIRST_GAPS, this.#length * 2))
      grown.set(this.#gaps)
      this.#gaps = grown
    }
    this.#gaps[this.#length++] = ms
  }

  list(): Float32Array {
    return this.#gaps.subarray(0, this.#length)
  }
}

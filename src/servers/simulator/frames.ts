import { AnswerFormat, DONE_FRAME } from '../openai/answer-format.ts'
import type { FinishReason, Usage } from '../openai/answer-format.ts'
import type { GenerationRequest } from '../openai/request-body.ts'
import { bytesOf } from './connection.ts'

const WORDS = (
  'amber birch cedar delta ember fjord grain haven ivory jolly knoll lemon maple noble ocean pearl ' +
  'quail river stone tulip umber vivid wheat xenon yield zebra acorn bloom coral dunes eagle flint'
).split(' ')

/** What stands in a frame for the words of a chunk until they are known; JSON leaves it as it is. */
const PLACE = '\u2400'

/** Tokens `from` to `from + count − 1` of every answer. */
function wordsOf(from: number, count: number): string {
  let text = ''
  for (let i = from; i < from + count; i++) text += ` ${WORDS[i % WORDS.length]!}`
  return text
}

/** The pieces of one streamed answer, made once for each request: for a token they are only joined. */
export class Frames {
  readonly #format: AnswerFormat
  readonly #request: GenerationRequest
  /** What comes before and after a chunk's words, for each choice. */
  readonly #around: readonly (readonly [before: string, after: string])[]

  constructor(request: GenerationRequest, model: string) {
    this.#format = new AnswerFormat(request.endpoint, model)
    this.#request = request
    this.#around = Array.from(
      { length: request.n },
      (_, choice) => bytesOf(this.#format.textFrame(choice, PLACE)).split(bytesOf(PLACE)) as [string, string],
    )
  }

  /** What comes before the first token. */
  opening(): string {
    return bytesOf(Array.from({ length: this.#request.n }, (_, choice) => this.#format.roleFrame(choice)).join(''))
  }

  /** A chunk of each choice with so many tokens. */
  tokens(from: number, count: number): string {
    const words = count === 1 ? ` ${WORDS[from % WORDS.length]!}` : wordsOf(from, count)
    let text = ''
    for (const [before, after] of this.#around) text += before + words + after
    return text
  }

  /** What comes after the last token. */
  closing(reason: FinishReason, usage: Usage): string {
    const finishes = Array.from({ length: this.#request.n }, (_, choice) => this.#format.finishFrame(choice, reason)).join('')
    return bytesOf(finishes + (this.#request.includeUsage ? this.#format.usageFrame(usage) : '') + DONE_FRAME)
  }

  /** The body of an answer that is not streamed. */
  whole(tokens: number, reason: FinishReason, usage: Usage): string {
    const text = wordsOf(0, tokens)
    return this.#format.whole(
      Array.from({ length: this.#request.n }, () => ({ text, reason })),
      usage,
    )
  }
}

/** Frames as one chunk of HTTP's. */
export function httpChunk(bytes: string): string {
  return `${bytes.length.toString(16)}\r\n${bytes}\r\n`
}

/** The end of a chunked body. */
export const LAST_CHUNK = '0\r\n\r\n'

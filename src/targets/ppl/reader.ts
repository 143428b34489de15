import type { AnswerBuilder } from '../answer.ts'
import { UNTOLD } from '../finish-reason.ts'
import { WireError } from '../wire/failure.ts'
import type { MessageReader } from '../wire/grpc/client.ts'
import type { PplResponse } from './messages.ts'
import { decodeResponses, PPL_STATUS } from './messages.ts'

export interface Asked {
  /** Id of the first answer's request; those of further ones follow it. */
  readonly firstId: number
  readonly n: number
}

/** By the number of a `FinishReason`, in OpenAI's words. */
const FINISH_REASONS = ['length', 'stop', 'stop']

/** Tells an answer what the messages of its stream say. */
export class PplReader implements MessageReader {
  readonly #answer: AnswerBuilder
  readonly #asked: Asked
  readonly #onTokens: (count: number) => void
  /** Ids of tokens that came. */
  #ids = 0
  /** A token came without its id. */
  #isCounted = true

  constructor(answer: AnswerBuilder, asked: Asked, onTokens: (count: number) => void) {
    this.#answer = answer
    this.#asked = asked
    this.#onTokens = onTokens
  }

  read(message: Buffer, readNs: number): void {
    const answer = this.#answer
    const before = answer.tokenChunks
    answer.beginChunk(readNs)
    try {
      decodeResponses(message, answer.keepsText, (response) => this.#take(response))
    } catch (error) {
      if (error instanceof WireError) throw error
      throw new WireError('protocol', 'a message of the stream is no BatchedResponse of ppl.llm.serving')
    }
    if (answer.tokenChunks > before) this.#onTokens(answer.tokenChunks - before)
  }

  /** Tells the answer its tokens, where the server's ids told them all. To be called at the end. */
  end(): void {
    if (this.#isCounted && this.#ids > 0) this.#answer.usage(0, this.#ids)
  }

  #take(response: PplResponse): void {
    const choice = response.id - this.#asked.firstId
    if (!(choice >= 0 && choice < this.#asked.n)) {
      throw new WireError('protocol', `a response came to request ${response.id}, which this call did not ask`)
    }
    if (response.status === PPL_STATUS.failed) {
      this.#answer.serverError(response.text === '' ? 'the server gave the request up (status FAILED)' : response.text)
      return
    }
    if (response.tokens > 0 || response.hasText) {
      this.#ids += response.tokens
      if (response.tokens === 0) this.#isCounted = false
      if (response.text === '') this.#answer.untoldToken(choice, 'answer')
      else this.#answer.token(choice, response.text, 'answer')
    }
    if (response.status === PPL_STATUS.finished) this.#answer.finish(choice, finishReason(response))
  }
}

/** The older form has no detail to tell it. */
function finishReason({ finishReason: number }: PplResponse): string {
  return number === undefined ? UNTOLD : (FINISH_REASONS[number] ?? String(number))
}

import type { AnswerBuilder } from '../answer.ts'
import { WireError } from '../wire/failure.ts'
import type { BodyReader } from '../wire/http.ts'
import { EVENT_LIMIT, SseReader } from '../wire/sse.ts'
import { decode, isDone } from './decode.ts'

/** Reads an answer into a builder; {@link end} is called once the whole body has come. */
export interface AnswerReader extends BodyReader {
  /** @throws {WireError} where the body as a whole makes no sense */
  end(): void
}

/** Reads an answer that is streamed as events. */
export class StreamReader implements AnswerReader {
  readonly form = 'stream'
  readonly #answer: AnswerBuilder
  readonly #onTokens: (count: number) => void
  readonly #events: SseReader
  #readNs = Number.NaN

  constructor(answer: AnswerBuilder, onTokens: (count: number) => void) {
    this.#answer = answer
    this.#onTokens = onTokens
    this.#events = new SseReader((bytes, start, end) => {
      if (isDone(bytes, start, end)) return answer.endMark()
      answer.beginChunk(this.#readNs)
      decode(bytes.toString('utf8', start, end), answer)
    })
  }

  read(bytes: Buffer, readNs: number): void {
    this.#readNs = readNs
    const before = this.#answer.tokenChunks
    this.#events.push(bytes)
    const more = this.#answer.tokenChunks - before
    if (more > 0) this.#onTokens(more)
  }

  end(): void {
    try {
      this.#events.end()
    } catch {
      // An event cut off by the end of the stream: the answer lacks its finish reason, and is judged by that.
    }
  }
}

/** Reads an answer that comes as one JSON document. */
export class DocumentReader implements AnswerReader {
  readonly form = 'json'
  readonly #answer: AnswerBuilder
  readonly #onTokens: (count: number) => void
  readonly #parts: Buffer[] = []
  #bytes = 0
  #readNs = Number.NaN

  constructor(answer: AnswerBuilder, onTokens: (count: number) => void) {
    this.#answer = answer
    this.#onTokens = onTokens
  }

  read(bytes: Buffer, readNs: number): void {
    this.#bytes += bytes.length
    if (this.#bytes > EVENT_LIMIT) throw new WireError('protocol', `the answer is larger than ${EVENT_LIMIT / 1024 / 1024} MiB`)
    this.#parts.push(bytes)
    this.#readNs = readNs
  }

  end(): void {
    if (this.#bytes === 0) throw new WireError('protocol', 'the answer has no body')
    this.#answer.beginChunk(this.#readNs)
    decode(Buffer.concat(this.#parts).toString(), this.#answer)
    if (this.#answer.blank) throw new WireError('protocol', 'the answer is JSON without `choices`')
    if (this.#answer.tokenChunks > 0) this.#onTokens(this.#answer.tokenChunks)
  }
}

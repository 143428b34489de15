import type { AnswerBuilder } from './answer.ts'
import type { ChunkShape, ChunkShapes, EventForm } from './chunk-shapes.ts'
import { Witness } from './chunk-shapes.ts'
import type { Decode, Framing } from './http-protocol.ts'
import { WireError } from './wire/failure.ts'
import type { BodyReader } from './wire/http.ts'
import { NdjsonReader } from './wire/ndjson.ts'
import { EVENT_LIMIT, SseReader } from './wire/sse.ts'

const READERS = { sse: SseReader, ndjson: NdjsonReader } as const satisfies Record<Framing, unknown>

/** Reads an answer into a builder; {@link end} is called once the whole body has come. */
export interface AnswerReader extends BodyReader {
  /** @throws {WireError} where the body as a whole makes no sense */
  end(): void
}

/** Reads an answer that is streamed as events. */
export class StreamReader implements AnswerReader {
  readonly form = 'stream'
  readonly #decode: Decode
  readonly #answer: AnswerBuilder
  readonly #onTokens: (count: number) => void
  readonly #shapes: ChunkShapes
  readonly #events: SseReader | NdjsonReader
  #readNs = Number.NaN

  /** @param shapes of the target, for all of its streams */
  constructor({ decode, framing }: EventForm, shapes: ChunkShapes, answer: AnswerBuilder, onTokens: (count: number) => void) {
    this.#decode = decode
    this.#answer = answer
    this.#onTokens = onTokens
    this.#shapes = shapes
    this.#events = new READERS[framing](
      (bytes, start, end) => this.#onEvent(bytes, start, end),
      EVENT_LIMIT,
      (bytes, start, end) => this.#takeKnown(bytes, start, end),
    )
  }

  read(bytes: Buffer, start: number, end: number, readNs: number): void {
    this.#readNs = readNs
    const before = this.#answer.tokenChunks
    this.#events.push(bytes, start, end)
    const more = this.#answer.tokenChunks - before
    if (more > 0) this.#onTokens(more)
  }

  end(): void {
    try {
      this.#events.end()
    } catch {
      // An event cut off by the end of the stream: as a rule the answer then lacks its finish reason, and is judged by that.
      this.#answer.cutOff()
    }
  }

  #onEvent(bytes: Buffer, start: number, end: number): void {
    if (isDone(bytes, start, end)) return this.#answer.endMark()
    this.#answer.beginChunk(this.#readNs)
    const shape = this.#shapes.matchData(bytes, start, end)
    if (shape !== undefined) return this.#addPiece(shape, bytes)
    const json = bytes.toString('utf8', start, end)
    const witness = new Witness(this.#answer)
    this.#decode(json, witness)
    this.#shapes.learn(json, witness)
  }

  #takeKnown(bytes: Buffer, start: number, end: number): number {
    let at = start
    while (at < end) {
      const shape = this.#shapes.matchEvent(bytes, at, end)
      if (shape === undefined) break
      this.#answer.beginChunk(this.#readNs)
      this.#addPiece(shape, bytes)
      at = this.#shapes.end
    }
    return at
  }

  #addPiece({ choice, kind }: ChunkShape, bytes: Buffer): void {
    if (this.#answer.keepsText) this.#answer.token(choice, this.#shapes.textIn(bytes), kind)
    else this.#answer.untoldToken(choice, kind)
  }
}

/** Reads an answer that comes as one JSON document. */
export class DocumentReader implements AnswerReader {
  readonly form = 'json'
  readonly #decode: Decode
  readonly #answer: AnswerBuilder
  readonly #onTokens: (count: number) => void
  readonly #parts: Buffer[] = []
  #bytes = 0
  #readNs = Number.NaN

  constructor(decode: Decode, answer: AnswerBuilder, onTokens: (count: number) => void) {
    this.#decode = decode
    this.#answer = answer
    this.#onTokens = onTokens
  }

  read(bytes: Buffer, start: number, end: number, readNs: number): void {
    this.#bytes += end - start
    if (this.#bytes > EVENT_LIMIT) throw new WireError('protocol', `the answer is larger than ${EVENT_LIMIT / 1024 / 1024} MiB`)
    this.#parts.push(Buffer.from(bytes.subarray(start, end)))
    this.#readNs = readNs
  }

  end(): void {
    if (this.#bytes === 0) throw new WireError('protocol', 'the answer has no body')
    this.#answer.beginChunk(this.#readNs)
    this.#decode(Buffer.concat(this.#parts).toString(), this.#answer)
    if (this.#answer.blank) throw new WireError('protocol', 'the answer is JSON that says nothing of an answer')
    if (this.#answer.tokenChunks > 0) this.#onTokens(this.#answer.tokenChunks)
  }
}

/** Whether an event's data is `[DONE]`. */
export function isDone(bytes: Buffer, start: number, end: number): boolean {
  return end - start >= 6 && bytes[start] === 91 && bytes.toString('latin1', start, end).trim() === '[DONE]'
}

import type { AnswerSink } from './answer.ts'
import type { Decode } from './http-protocol.ts'

type Kind = 'answer' | 'reasoning'

/** An event that says nothing but one text: its bytes before and behind that text, framing included. */
export interface ChunkShape {
  readonly choice: number
  readonly kind: Kind
  readonly before: Buffer
  readonly behind: Buffer
}

/** How events are framed as a rule. What is framed otherwise is known by its data alone. */
export interface Frame {
  readonly before: string
  readonly behind: string
}

const QUOTE = 34
const BACKSLASH = 92
const SMALL_U = 117
const FIRST_PRINTABLE = 32
/** Bytes that may follow a backslash in JSON, `u` apart. */
const ESCAPES = new Set(Array.from('"\\/bfnrt', (character) => character.charCodeAt(0)))

/** One for each choice and kind of text that may alternate in a stream; more would take longer to try than to parse. */
const MOST_SHAPES = 16
/** Shapes learnt in vain, one after another, before learning pauses: each event of this stream may have an id of its own. */
const PATIENCE = 3
const LONGEST_PAUSE = 1024

/**
 * Knows events of one stream by their bytes, so that they need not be parsed: as a rule they differ by a piece of text alone.
 *
 * A shape is learnt from an event that was parsed and told of one text only. Where that text lies is proved and not guessed:
 * with another text put in that place, the parser tells of that one, and else of the same. An event then is known where it
 * equals the shape byte for byte but for that text, which is a valid and non-empty JSON string. All else is parsed.
 */
export class ChunkShapes {
  /** Where the event that matched last ends. */
  end = 0
  readonly #decode: Decode
  readonly #frame: Frame
  readonly #limit: number
  readonly #shapes: ChunkShape[] = []
  #next = 0
  #textStart = 0
  #textEnd = 0
  #escaped = false
  /** Events of one text that had to be parsed so far. */
  #parsed = 0
  #inVain = 0
  #pause = 0

  /**
   * @param decode what the stream's events are parsed with
   * @param choices how many answers the stream has
   */
  constructor(decode: Decode, frame: Frame, choices = 1) {
    this.#decode = decode
    this.#frame = frame
    this.#limit = Math.min(choices + 1, MOST_SHAPES)
  }

  /** The shape of the whole event that begins at `bytes[start]`, framing included; its text is then {@link textIn} these bytes. */
  matchEvent(bytes: Buffer, start: number, end: number): ChunkShape | undefined {
    return this.#match(bytes, start, end, 0, 0)
  }

  /** The shape of the event whose data, without framing, is `bytes[start]` to `bytes[end − 1]`. */
  matchData(bytes: Buffer, start: number, end: number): ChunkShape | undefined {
    const shape = this.#match(bytes, start, end, this.#frame.before.length, this.#frame.behind.length)
    return this.end === end ? shape : undefined
  }

  /** The text of the event that matched last. */
  textIn(bytes: Buffer): string {
    const raw = bytes.toString('utf8', this.#textStart, this.#textEnd)
    return this.#escaped ? (JSON.parse(`"${raw}"`) as string) : raw
  }

  /** Learns the shape of an event that was parsed because none matched. */
  learn(json: string, { only }: Witness): void {
    if (only === undefined) return
    // The first text often comes in an event of its own kind, with the role, say; and a short answer is not worth it.
    if (this.#parsed++ === 0) return
    if (this.#pause > 0) {
      this.#pause--
      return
    }
    // Data of several lines has another framing than it has bytes.
    const shape = /[\r\n]/.test(json) ? undefined : shapeOf(json, only, this.#decode, this.#frame)
    if (shape === undefined || ++this.#inVain > PATIENCE) this.#pause = Math.min(2 ** this.#inVain, LONGEST_PAUSE)
    if (shape === undefined) return
    this.#shapes[this.#next] = shape
    this.#next = (this.#next + 1) % this.#limit
  }

  #match(bytes: Buffer, start: number, end: number, headless: number, tailless: number): ChunkShape | undefined {
    const shapes = this.#shapes
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i]!
      if (!this.#fits(shape, bytes, start, end, headless, tailless)) continue
      this.#inVain = 0
      return shape
    }
    return undefined
  }

  #fits({ before, behind }: ChunkShape, bytes: Buffer, start: number, end: number, headless: number, tailless: number): boolean {
    const beforeLength = before.length
    const shift = start - headless
    if (shift + beforeLength >= end) return false
    for (let i = headless; i < beforeLength; i++) if (bytes[shift + i] !== before[i]) return false
    const textStart = shift + beforeLength
    let at = textStart
    let escaped = false
    for (; at < end; at++) {
      const byte = bytes[at]!
      if (byte === QUOTE) break
      if (byte < FIRST_PRINTABLE) return false
      if (byte !== BACKSLASH) continue
      const length = escapeLength(bytes, at, end)
      if (length === 0) return false
      escaped = true
      at += length - 1
    }
    const behindLength = behind.length - tailless
    if (at === textStart || at + behindLength > end) return false
    for (let i = 0; i < behindLength; i++) if (bytes[at + i] !== behind[i]) return false
    this.#textStart = textStart
    this.#textEnd = at
    this.#escaped = escaped
    this.end = at + behindLength
    return true
  }
}

/** Passes on what a decoder tells, and remembers whether it was one text and nothing else. */
export class Witness implements AnswerSink {
  readonly #sink: AnswerSink | undefined
  #calls = 0
  #text: { readonly choice: number; readonly text: string; readonly kind: Kind } | undefined

  constructor(sink?: AnswerSink) {
    this.#sink = sink
  }

  /** The one text that is all that was told; absent where there was none, or more. */
  get only(): { readonly choice: number; readonly text: string; readonly kind: Kind } | undefined {
    return this.#calls === 1 ? this.#text : undefined
  }

  token(choice: number, text: string, kind: Kind): void {
    if (text !== '') {
      this.#calls++
      this.#text = { choice, text, kind }
    }
    this.#sink?.token(choice, text, kind)
  }

  textSoFar(choice: number, text: string): void {
    this.#calls++
    this.#sink?.textSoFar(choice, text)
  }

  finish(choice: number, reason: string): void {
    this.#calls++
    this.#sink?.finish(choice, reason)
  }

  usage(promptTokens: number, outputTokens: number): void {
    this.#calls++
    this.#sink?.usage(promptTokens, outputTokens)
  }

  serverError(message: string): void {
    this.#calls++
    this.#sink?.serverError(message)
  }
}

/** The shape of a chunk that tells of nothing but this text; absent where no string in it is the text and nothing else. */
function shapeOf(json: string, told: NonNullable<Witness['only']>, decode: Decode, frame: Frame): ChunkShape | undefined {
  const other = `${told.text}~`
  const inPlace = JSON.stringify(other)
  for (const [start, end] of stringsOf(json)) {
    if (JSON.parse(json.slice(start, end)) !== told.text) continue
    const [before, behind] = [json.slice(0, start), json.slice(end)]
    const witness = new Witness()
    decode(before + inPlace + behind, witness)
    const { only } = witness
    if (only?.text !== other || only.choice !== told.choice || only.kind !== told.kind) continue
    return {
      choice: told.choice,
      kind: told.kind,
      before: Buffer.from(`${frame.before}${before}"`),
      behind: Buffer.from(`"${behind}${frame.behind}`),
    }
  }
  return undefined
}

/** Where the strings of a JSON text lie, quotes included. */
function* stringsOf(json: string): Generator<readonly [start: number, end: number]> {
  for (let start = json.indexOf('"'); start >= 0;) {
    let end = start + 1
    while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1
    yield [start, end + 1]
    start = json.indexOf('"', end + 1)
  }
}

/** The length of the escape sequence that begins at a backslash; 0 where it is none, or not whole. */
function escapeLength(bytes: Buffer, at: number, end: number): number {
  if (at + 1 >= end) return 0
  const kind = bytes[at + 1]!
  if (ESCAPES.has(kind)) return 2
  if (kind !== SMALL_U || at + 6 > end) return 0
  for (let i = at + 2; i < at + 6; i++) if (!isHex(bytes[i]!)) return 0
  return 6
}

function isHex(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70)
}

import type { AnswerSink } from './answer.ts'
import type { Framing, HttpProtocol } from './http-protocol.ts'
import { Literal } from './literal.ts'

type Kind = 'answer' | 'reasoning'

/** What may stand between two literals: the event's text, or a value that says nothing of the answer. */
type Gap = 'text' | 'string' | 'number'

/** An event that says nothing but one text: its bytes, framing included, but for that text and for values of no consequence. */
export interface ChunkShape {
  readonly choice: number
  readonly kind: Kind
  /** One more than gaps: before, between and behind them. */
  readonly literals: readonly Literal[]
  readonly gaps: readonly Gap[]
}

/** What of a protocol its events are known by. */
export type EventForm = Pick<HttpProtocol, 'decode' | 'framing' | 'incidental'>

/** How events are framed as a rule. What is framed otherwise is known by its data alone. */
interface Frame {
  readonly before: string
  readonly behind: string
}

const FRAMES: Readonly<Record<Framing, Frame>> = {
  sse: { before: 'data: ', behind: '\n\n' },
  ndjson: { before: '', behind: '\n' },
}

const QUOTE = 34
const ZERO = 48
const BACKSLASH = 92
const SMALL_U = 117
const FIRST_PRINTABLE = 32
/** Bytes that may follow a backslash in JSON, `u` apart. */
const ESCAPES = new Set(Array.from('"\\/bfnrt', (character) => character.charCodeAt(0)))

/** One for each choice and kind of text that may alternate in a stream, and for each server; more would take longer to try than to parse. */
const MOST_SHAPES = 16
/** Shapes learnt in vain, one after another, before learning pauses: each of these events may hold something of its own. */
const PATIENCE = 3
const LONGEST_PAUSE = 1024

/**
 * Knows events by their bytes, so that they need not be parsed: as a rule they differ by a piece of text alone, and by an id.
 *
 * A shape is learnt from an event that was parsed and told of one text only. Where that text lies is proved and not guessed:
 * with another text put in that place (and others in the places of what is said to be incidental), the parser tells of that one,
 * and else of the same. An event then is known where it equals the shape byte for byte but for these places, which hold valid
 * JSON of the same type, and a text that is not empty. All else is parsed.
 *
 * What one stream teaches holds for the next: one of these serves all of a target's.
 */
export class ChunkShapes {
  /** Where the event that matched last ends. */
  end = 0
  readonly #form: EventForm
  readonly #frame: Frame
  readonly #shapes: ChunkShape[] = []
  #next = 0
  #textStart = 0
  #textEnd = 0
  #escaped = false
  /** Of the string that was looked at last. */
  #hasEscape = false
  #inVain = 0
  #pause = 0
  #viewed: Buffer | undefined
  #view: DataView = new DataView(new ArrayBuffer(0))

  constructor(form: EventForm) {
    this.#form = form
    this.#frame = FRAMES[form.framing]
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
    if (this.#pause > 0) {
      this.#pause--
      return
    }
    // Data of several lines has another framing than it has bytes.
    const shape = /[\r\n]/.test(json) ? undefined : shapeOf(json, only, this.#form, this.#frame)
    if (shape === undefined || ++this.#inVain > PATIENCE) this.#pause = Math.min(2 ** this.#inVain, LONGEST_PAUSE)
    if (shape === undefined) return
    this.#shapes[this.#next] = shape
    this.#next = (this.#next + 1) % MOST_SHAPES
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

  #fits({ literals, gaps }: ChunkShape, bytes: Buffer, start: number, end: number, headless: number, tailless: number): boolean {
    const view = this.#viewOf(bytes)
    let at = start
    let skipped = headless
    const last = gaps.length
    for (let g = 0; g < last; g++) {
      const literal = literals[g]!
      const shift = at - skipped
      const gapStart = shift + literal.length
      if (gapStart >= end || !literal.liesIn(view, shift, skipped, literal.length)) return false
      skipped = 0
      const gap = gaps[g]!
      at = gap === 'number' ? numberEnd(bytes, gapStart, end) : this.#stringEnd(bytes, gapStart, end)
      if (at < 0) return false
      if (gap !== 'text') continue
      if (at === gapStart) return false
      this.#textStart = gapStart
      this.#textEnd = at
      this.#escaped = this.#hasEscape
    }
    const literal = literals[last]!
    const length = literal.length - tailless
    if (at + length > end || !literal.liesIn(view, at, 0, length)) return false
    this.end = at + length
    return true
  }

  /** Sockets of a thread read into one buffer, so that as a rule it is the one of last time. */
  #viewOf(bytes: Buffer): DataView {
    if (bytes !== this.#viewed) {
      this.#viewed = bytes
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    }
    return this.#view
  }

  /** Where the string ends that has begun before `start`; −1 where it is no valid one. */
  #stringEnd(bytes: Buffer, start: number, end: number): number {
    this.#hasEscape = false
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      if (byte === QUOTE) return at
      if (byte < FIRST_PRINTABLE) return -1
      if (byte !== BACKSLASH) continue
      const length = escapeLength(bytes, at, end)
      if (length === 0) return -1
      this.#hasEscape = true
      at += length - 1
    }
    return -1
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

/** A part of a JSON text, from `start` to before `end`, quotes left out. */
interface Place {
  readonly gap: Gap
  readonly start: number
  readonly end: number
}

/** The shape of a chunk that tells of nothing but this text; absent where no string in it is the text and nothing else. */
function shapeOf(
  json: string,
  told: NonNullable<Witness['only']>,
  { decode, incidental }: EventForm,
  frame: Frame,
): ChunkShape | undefined {
  const other = `${told.text}~`
  const replaced: Readonly<Record<Gap, string>> = { text: JSON.stringify(other).slice(1, -1), string: '~', number: '7' }
  const places = placesOf(json, new Set(incidental))
  for (const [start, end] of stringsOf(json)) {
    if (JSON.parse(json.slice(start, end)) !== told.text || places.some((place) => place.start <= end && start <= place.end)) continue
    const gaps = [...places, { gap: 'text', start: start + 1, end: end - 1 } as const].toSorted((a, b) => a.start - b.start)
    const literals = [...gaps, undefined].map((gap, i) => json.slice(i === 0 ? 0 : gaps[i - 1]!.end, gap?.start))
    const witness = new Witness()
    decode(literals.map((literal, i) => literal + (i < gaps.length ? replaced[gaps[i]!.gap] : '')).join(''), witness)
    const { only } = witness
    if (only?.text !== other || only.choice !== told.choice || only.kind !== told.kind) continue
    const framed = [frame.before + literals[0]!, ...literals.slice(1, -1), literals.at(-1)! + frame.behind]
    return { choice: told.choice, kind: told.kind, literals: framed.map((text) => new Literal(text)), gaps: gaps.map(({ gap }) => gap) }
  }
  return undefined
}

/** Where a JSON object has a string or a whole number under one of these keys of its own. */
function placesOf(json: string, keys: ReadonlySet<string>): Place[] {
  const places: Place[] = []
  let depth = 0
  let from = 0
  for (const [start, end] of [...stringsOf(json), [json.length, json.length] as const]) {
    // Between strings there is nothing that could look like a bracket and be none.
    for (let i = from; i < start; i++) depth += json[i] === '{' || json[i] === '[' ? 1 : json[i] === '}' || json[i] === ']' ? -1 : 0
    from = end
    const value = depth === 1 ? /^\s*:\s*("|\d+(?=[\s,}]))/.exec(json.slice(end)) : null
    if (value === null || !keys.has(JSON.parse(json.slice(start, end)) as string)) continue
    const at = end + value[0].length
    if (value[1] !== '"') places.push({ gap: 'number', start: at - value[1]!.length, end: at })
    else places.push({ gap: 'string', start: at, end: stringEndIn(json, at) })
  }
  return places
}

/** Where the strings of a JSON text lie, quotes included. */
function* stringsOf(json: string): Generator<readonly [start: number, end: number]> {
  for (let start = json.indexOf('"'); start >= 0;) {
    const end = stringEndIn(json, start + 1)
    yield [start, end + 1]
    start = json.indexOf('"', end + 1)
  }
}

/** Where the string's closing quote is that has begun before `start`. */
function stringEndIn(json: string, start: number): number {
  let end = start
  while (json[end] !== '"') end += json[end] === '\\' ? 2 : 1
  return end
}

/** Where a whole number ends that begins at `start`; −1 where none does. */
function numberEnd(bytes: Buffer, start: number, end: number): number {
  if (bytes[start] === ZERO) return start + 1
  let at = start
  while (at < end && isDigit(bytes[at]!)) at++
  return at === start ? -1 : at
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

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 57
}

function isHex(byte: number): boolean {
  return isDigit(byte) || (byte >= 97 && byte <= 102) || (byte >= 65 && byte <= 70)
}

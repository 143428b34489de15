import { LlmBenchError } from '../errors.ts'
import type { SyntheticSpec } from '../dsl/datasets.ts'
import type { DatasetContext, DatasetRow } from './dataset.ts'
import { lengthNotes } from './rows.ts'
import type { LoadedRows } from './rows.ts'
import { createRandom, shuffled } from './sampling.ts'
import type { Random } from './sampling.ts'
import type { Tokenizer } from './tokenizer.ts'
import { WORDS } from './words.ts'

/** Streams of the dataset's seed. */
const LENGTHS = 0
const TEXTS = 1
const OPENINGS = 2

/**
 * Generates prompts of an exact number of tokens. No two begin alike (while the words last), so that a server's prefix cache
 * finds nothing to reuse.
 * @throws {LlmBenchError} `DATASET` where no text has the wanted number of tokens under the tokenizer in use
 */
export async function loadSynthetic(spec: SyntheticSpec, context: DatasetContext): Promise<LoadedRows> {
  const { inputTokens, outputTokens, spread, seed } = spec
  const tokenizer = await context.tokenizer()
  const writer = new PromptWriter(tokenizer, createRandom(seed, TEXTS), createRandom(seed, OPENINGS))
  const lengths = createRandom(seed, LENGTHS)
  const rows: DatasetRow[] = []
  for (let index = 0; index < Math.min(spec.rows, context.limit ?? Infinity); index++) {
    const promptTokens = spreadAround(inputTokens, spread, lengths)
    const answerTokens = spreadAround(outputTokens, spread, lengths)
    const text = writer.write(index, promptTokens)
    rows.push({ messages: [{ role: 'user', content: text }], userTurns: [text], outputTokens: [answerTokens], promptTokens })
  }
  const around = spread === 0 ? '' : ` ± ${Math.round(spread * 100)} %`
  return { name: `synthetic (${inputTokens} in, ${outputTokens} out${around})`, rows, notes: lengthNotes(tokenizer) }
}

function spreadAround(mean: number, spread: number, random: Random): number {
  const low = Math.max(1, Math.round(mean * (1 - spread)))
  const high = Math.max(low, Math.round(mean * (1 + spread)))
  return low + random.int(high - low + 1)
}

interface Piece {
  readonly text: string
  /** Tokens that it adds to a text. */
  readonly tokens: number
}

/** Rounds of adding and taking away before the tokenizer is held to be unable to make the length. */
const ROUNDS = 100
const ENDINGS = ['.', '!', '?', ',', ';', ' a', ' I', 'a', 'e', 's', ' -', '...', '\n']

/** The pieces of one token, which fill any length; all where there are few of those (a tokenizer of bytes, say). */
function preferSingle(pieces: readonly Piece[]): readonly Piece[] {
  const single = pieces.filter(({ tokens }) => tokens === 1)
  return single.length >= 100 ? single : pieces
}

/** Writes prompts out of pieces whose tokens were counted once; each finished prompt is counted whole. */
class PromptWriter {
  readonly #tokenizer: Tokenizer
  readonly #random: Random
  readonly #openings: readonly Piece[]
  /** Words with a space before them, by their tokens. */
  readonly #words: readonly Piece[]
  /** The same in the order of the openings. */
  readonly #seconds: readonly Piece[]

  constructor(tokenizer: Tokenizer, random: Random, openings: Random) {
    this.#tokenizer = tokenizer
    this.#random = random
    const base = tokenizer.count('the the')
    const starts = WORDS.map((word) => ({ text: word, tokens: tokenizer.count(word) }))
    const words = WORDS.map((word) => ({ text: ` ${word}`, tokens: Math.max(1, tokenizer.count(`the ${word} the`) - base) }))
    this.#openings = shuffled(preferSingle(starts), openings)
    this.#seconds = shuffled(preferSingle(words), openings)
    this.#words = preferSingle(words).toSorted((a, b) => a.tokens - b.tokens)
  }

  write(row: number, wanted: number): string {
    const pieces = this.#opening(row, wanted)
    let text = pieces.map((piece) => piece.text).join('')
    let tokens = pieces.reduce((sum, piece) => sum + piece.tokens, 0)
    for (let round = 0; round < ROUNDS; round++) {
      if (tokens < wanted && !this.#addWords(pieces, wanted - tokens)) {
        const ending = this.#endingOf(text, tokens, wanted)
        if (ending !== undefined) pieces.push(ending)
        // No ending fits, so another last word has to be tried.
        else if (pieces.length > 0) pieces.pop()
      }
      if (tokens > wanted) this.#removeLast(pieces, tokens - wanted)
      text = pieces.map((piece) => piece.text).join('')
      tokens = this.#tokenizer.count(text)
      if (tokens === wanted) return text
    }
    throw new LlmBenchError(
      'DATASET',
      `synthetic() finds no text of exactly ${wanted} tokens of ${this.#tokenizer.name}: try another \`inputTokens\``,
    )
  }

  /** The row's number, written in words, so that no two rows begin alike. */
  #opening(row: number, wanted: number): Piece[] {
    const first = this.#openings[row % this.#openings.length]!
    const second = this.#seconds[Math.floor(row / this.#openings.length) % this.#seconds.length]!
    if (first.tokens > wanted) return []
    return first.tokens + second.tokens > wanted ? [first] : [first, second]
  }

  /** Adds random words of so many tokens together, or a little fewer; false where not even one fits. */
  #addWords(pieces: Piece[], wanted: number): boolean {
    let left = wanted
    for (;;) {
      const room = left
      const fitting = this.#words.findLastIndex((word) => word.tokens <= room) + 1
      if (fitting === 0) return left < wanted
      const word = this.#words[this.#random.int(fitting)]!
      pieces.push(word)
      left -= word.tokens
    }
  }

  #removeLast(pieces: Piece[], excess: number): void {
    let removed = 0
    while (removed < excess && pieces.length > 1) removed += pieces.pop()!.tokens
  }

  #endingOf(text: string, tokens: number, wanted: number): Piece | undefined {
    for (const ending of ENDINGS) {
      const more = this.#tokenizer.count(text + ending) - tokens
      if (more > 0 && tokens + more <= wanted) return { text: ending, tokens: more }
    }
    return undefined
  }
}

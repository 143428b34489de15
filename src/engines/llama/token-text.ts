import type { LlamaModel, Token } from 'node-llama-cpp'

const REPLACEMENT = '\uFFFD'
/** Bytes of the longest UTF-8 character, each of which may be a token of its own. */
const LONGEST_CHARACTER = 4

/** Texts of a model's tokens, kept once made. */
export class TokenTexts {
  readonly #model: LlamaModel
  readonly #texts: (string | undefined)[] = []
  /** Detokenisers of some models drop the first token's leading space; this one goes first and is taken off again. */
  readonly #anchor: readonly Token[]

  constructor(model: LlamaModel) {
    this.#model = model
    this.#anchor = model.tokenize('a').slice(-1)
  }

  /** Text of tokens that follow others. */
  of(tokens: readonly Token[]): string {
    if (tokens.length !== 1) return this.#model.detokenize(tokens, false, this.#anchor)
    const token = tokens[0]!
    return (this.#texts[token] ??= this.#model.detokenize(tokens, false, this.#anchor))
  }
}

/** Turns one answer's tokens into text, holding back bytes of a character that is not whole yet. */
export class TokenTextStream {
  readonly #texts: TokenTexts
  #held: Token[] = []

  constructor(texts: TokenTexts) {
    this.#texts = texts
  }

  /** The text that a token completes; '' while a character is not whole. */
  push(token: Token): string {
    this.#held.push(token)
    const text = this.#texts.of(this.#held)
    if (text.endsWith(REPLACEMENT) && this.#held.length < LONGEST_CHARACTER) return ''
    this.#held = []
    return text
  }

  /** What is still held, at the end. */
  end(): string {
    const text = this.#held.length > 0 ? this.#texts.of(this.#held) : ''
    this.#held = []
    return text
  }
}

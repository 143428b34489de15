/** Counts tokens, without special tokens. */
export interface Tokenizer {
  /** For people: a file's name, or the bundled encoding's. */
  readonly name: string
  /** `bundled` may not be the server's own. */
  readonly source: 'tokenizer' | 'bundled'
  count(text: string): number
  encode(text: string): number[]
  decode(ids: readonly number[]): string
}

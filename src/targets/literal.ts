/** Bytes that are looked for in others, four at a time: one at a time takes longer than all else that is done for an event. */
export class Literal {
  readonly length: number
  readonly #bytes: Buffer
  readonly #words: Int32Array

  constructor(text: string) {
    this.#bytes = Buffer.from(text)
    this.length = this.#bytes.length
    this.#words = Int32Array.from({ length: this.length >> 2 }, (_, i) => this.#bytes.readInt32LE(4 * i))
  }

  /** Whether its bytes `from` to `to − 1` lie in a view, of which `view[at]` is the place of its first byte. */
  liesIn(view: DataView, at: number, from: number, to: number): boolean {
    const words = this.#words
    let i = from
    for (; i < to && (i & 3) !== 0; i++) if (view.getUint8(at + i) !== this.#bytes[i]) return false
    for (; i + 4 <= to; i += 4) if (view.getInt32(at + i, true) !== words[i >> 2]) return false
    for (; i < to; i++) if (view.getUint8(at + i) !== this.#bytes[i]) return false
    return true
  }
}

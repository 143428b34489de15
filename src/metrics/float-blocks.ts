const FIRST_BLOCK = 1 << 14
/** 32 MiB: from this size on the C library gives memory back to the system as soon as it is freed. */
const LARGEST_BLOCK = 1 << 23

/**
 * Numbers that are appended, tens of millions of them, and made into one array at the end. They lie in blocks that are never
 * moved, and go into that array one after the other, so that at no time there are two copies of more than a block. What a block
 * holds room for costs nothing before it is written to.
 */
export class FloatBlocks {
  /** How many there are. */
  length = 0
  readonly #full: Float32Array<ArrayBuffer>[] = []
  #block = new Float32Array(FIRST_BLOCK)
  #used = 0

  append(values: ArrayLike<number>): void {
    if (this.#used + values.length > this.#block.length) this.#nextBlock(values.length)
    this.#block.set(values, this.#used)
    this.#used += values.length
    this.length += values.length
  }

  /** All of them, in order; nothing may be appended any more. */
  take(): Float32Array<ArrayBuffer> {
    const last = this.#block.subarray(0, this.#used)
    if (this.#full.length === 0) return last
    const all = new Float32Array(this.length)
    let at = 0
    for (const block of [...this.#full, last]) {
      all.set(block, at)
      at += block.length
      release(block)
    }
    return all
  }

  #nextBlock(least: number): void {
    this.#full.push(this.#block.subarray(0, this.#used))
    this.#block = new Float32Array(Math.max(least, Math.min(this.#block.length * 2, LARGEST_BLOCK)))
    this.#used = 0
  }
}

/** Frees an array's memory at once, which a collection would do when it comes. The array has no elements then. */
export function release({ buffer }: { readonly buffer: ArrayBuffer }): void {
  buffer.transfer(0)
}

const NO_BYTES = Buffer.alloc(0)

/** Bytes that grow by doubling; takes no memory until it is used. */
export class ByteList {
  bytes: Buffer = NO_BYTES
  length = 0

  append(from: Buffer, start: number, end: number): void {
    this.#reserve(end - start)
    from.copy(this.bytes, this.length, start, end)
    this.length += end - start
  }

  appendByte(byte: number): void {
    this.#reserve(1)
    this.bytes[this.length++] = byte
  }

  /** Forgets the bytes' number; they lie there until the next append. */
  clear(): void {
    this.length = 0
  }

  #reserve(more: number): void {
    const needed = this.length + more
    if (needed <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(256, this.bytes.length * 2, needed))
    this.bytes.copy(grown, 0, 0, this.length)
    this.bytes = grown
  }
}

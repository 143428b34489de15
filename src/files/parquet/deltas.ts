import type { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'

const BLOCK = 128
const MINIBLOCKS = 4
const MINIBLOCK = BLOCK / MINIBLOCKS

/**
 * Writes 64-bit numbers in Parquet's encoding `DELTA_BINARY_PACKED`: times that follow one another differ little, though they are
 * all different. Arithmetic is done in doubles, which are exact for differences below 2⁵³; big integers would take ten times as long.
 *
 * Source: Parquet's "Encodings.md", delta encoding.
 * @param values whole numbers, as differences to `origin`
 */
export function writeDeltas(writer: ByteWriter, values: Float64Array, origin: bigint): void {
  writer.appendVarInt(BLOCK)
  writer.appendVarInt(MINIBLOCKS)
  writer.appendVarInt(values.length)
  writer.appendZigZag(values.length === 0 ? 0n : origin + BigInt(values[0]!))
  const deltas = new Float64Array(BLOCK)
  const widths = new Uint8Array(MINIBLOCKS)
  const packed = new Uint8Array((MINIBLOCK * 64) / 8)
  for (let from = 1; from < values.length; from += BLOCK) {
    const count = Math.min(BLOCK, values.length - from)
    let least = Infinity
    for (let i = 0; i < count; i++) {
      const delta = values[from + i]! - values[from + i - 1]!
      deltas[i] = delta
      if (delta < least) least = delta
    }
    writer.appendZigZag(BigInt(least))
    for (let i = 0; i < BLOCK; i++) deltas[i] = i < count ? deltas[i]! - least : 0
    for (let block = 0; block < MINIBLOCKS; block++) widths[block] = widthOf(deltas, block * MINIBLOCK)
    writer.appendBytes(widths)
    for (let block = 0; block < MINIBLOCKS; block++) {
      writer.appendBytes(packed.subarray(0, pack(deltas, block * MINIBLOCK, widths[block]!, packed)))
    }
  }
}

/** Bits that the largest number of a miniblock has. */
function widthOf(numbers: Float64Array, from: number): number {
  let largest = 0
  for (let i = from; i < from + MINIBLOCK; i++) if (numbers[i]! > largest) largest = numbers[i]!
  const upper = Math.floor(largest / 2 ** 32)
  return upper > 0 ? 64 - Math.clz32(upper) : 32 - Math.clz32(largest)
}

/** Bits that are moved at once: with up to seven that wait for the rest of their byte, no more than a 32-bit integer holds. */
const PIECE = 24

/** Puts a miniblock's numbers one after the other, lowest bits first; gives how many bytes that took. */
function pack(numbers: Float64Array, from: number, width: number, into: Uint8Array): number {
  let at = 0
  let waiting = 0
  let bits = 0
  for (let i = from; i < from + MINIBLOCK; i++) {
    let rest = numbers[i]!
    for (let left = width; left > 0; left -= PIECE) {
      const upper = Math.floor(rest / 2 ** PIECE)
      waiting |= (rest - upper * 2 ** PIECE) << bits
      rest = upper
      bits += Math.min(left, PIECE)
      while (bits >= 8) {
        into[at++] = waiting & 0xff
        waiting >>>= 8
        bits -= 8
      }
    }
  }
  return at
}

const HALF = 0x1_0000

/**
 * The values that would stand at the given ranks (from 0) if the sample were sorted: exact, in two counting passes over the
 * halves of the numbers' bits. Tens of millions of gaps take a second so, where sorting takes ten.
 * @param values free of NaN; left as they are
 * @param bounds where the sample lies in them: from, to, from, to, …
 */
export function orderStatistics(
  values: Float32Array,
  ranks: readonly number[],
  bounds: readonly number[] = [0, values.length],
): Map<number, number> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const upper = new Uint32Array(HALF)
  for (let part = 0; part < bounds.length; part += 2) {
    for (let i = bounds[part]!; i < bounds[part + 1]!; i++) upper[orderedKey(bits[i]!) >>> 16]!++
  }

  const places = ranks.map((rank) => ({ rank, ...bucketAt(upper, 0, rank) }))
  const buckets = [...new Set(places.map(({ bucket }) => bucket))]
  const slotOf = new Int32Array(HALF).fill(-1)
  for (const [slot, bucket] of buckets.entries()) slotOf[bucket] = slot
  const lower = new Uint32Array(buckets.length * HALF)
  for (let part = 0; part < bounds.length; part += 2) {
    for (let i = bounds[part]!; i < bounds[part + 1]!; i++) {
      const key = orderedKey(bits[i]!)
      const slot = slotOf[key >>> 16]!
      if (slot >= 0) lower[slot * HALF + (key & 0xffff)]!++
    }
  }

  const [word, number] = sharedWord()
  return new Map(
    places.map(({ rank, bucket, within }) => {
      const key = bucket * HALF + bucketAt(lower, slotOf[bucket]! * HALF, within).bucket
      word[0] = key >= 0x8000_0000 ? key ^ 0x8000_0000 : ~key
      return [rank, number[0]!]
    }),
  )
}

/** A float's bits as an unsigned number that sorts as the float does: negative ones lie reversed, below the positive. */
function orderedKey(bits: number): number {
  return (bits & 0x8000_0000 ? ~bits : bits | 0x8000_0000) >>> 0
}

/** The bucket that holds a rank, and the rank within it. */
function bucketAt(counts: Uint32Array, from: number, rank: number): { bucket: number; within: number } {
  let within = rank
  let bucket = 0
  while (within >= counts[from + bucket]!) within -= counts[from + bucket++]!
  return { bucket, within }
}

function sharedWord(): [Uint32Array, Float32Array] {
  const buffer = new ArrayBuffer(4)
  return [new Uint32Array(buffer), new Float32Array(buffer)]
}

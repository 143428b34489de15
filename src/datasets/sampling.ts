/** Random numbers that are the same on every machine for the same seed. */
export interface Random {
  /** Uniform in [0, 1), with 53 random bits. */
  next(): number
  /** A whole number in [0, n), for n from 1 to 2³², without bias. */
  int(n: number): number
  /** Exponential with the given mean. */
  exponential(mean: number): number
  /** Gamma with mean `shape × scale`. */
  gamma(shape: number, scale: number): number
  /** Standard normal. */
  normal(): number
}

const TWO_32 = 2 ** 32

/**
 * The generator xoshiro128** 1.1 by Blackman and Vigna (https://prng.di.unimi.it/xoshiro128starstar.c), whole-number
 * arithmetic only.
 * @param state four 32-bit words, not all zero; changed by each call
 * @returns a function that gives the next 32 random bits
 */
export function xoshiro128starstar(state: Uint32Array): () => number {
  return () => {
    const s0 = state[0]!
    const s1 = state[1]!
    const s2 = state[2]!
    const s3 = state[3]!
    const next2 = s2 ^ s0
    const next3 = s3 ^ s1
    state[0] = s0 ^ next3
    state[1] = s1 ^ next2
    state[2] = next2 ^ (s1 << 9)
    state[3] = rotateLeft(next3, 11)
    return Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0
  }
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** The finaliser of MurmurHash3 by Appleby (public domain): every input bit changes every output bit. */
function mix(word: number): number {
  let hash = word
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** Where each of the four hashes starts. */
const LANES = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667] as const

/** Four hashes of the same words, each from a start of its own: 128 bits, so that streams practically never meet. */
function stateOf(seeds: readonly number[]): Uint32Array {
  const state = new Uint32Array(LANES)
  // Several are made for each request of the simulator's: such loops leave nothing behind.
  for (let lane = 0; lane < LANES.length; lane++) {
    let hash: number = LANES[lane]!
    for (let i = 0; i < seeds.length; i++) hash = withNumber(hash, seeds[i]!, LANES[lane]!)
    state[lane] = hash
  }
  return state.some((word) => word !== 0) ? state : new Uint32Array(LANES)
}

function withNumber(hash: number, number: number, lane: number): number {
  return withWord(withWord(hash, number | 0, lane), Math.floor(number / TWO_32) | 0, lane)
}

function withWord(hash: number, word: number, lane: number): number {
  return Math.imul(mix(hash ^ word) ^ lane, 0x9e3779b1)
}

/**
 * A source of random numbers that depends on its seed and streams alone. Different streams of one seed (a client's number, a
 * sample's index) are independent of each other.
 * @param seed any whole number
 */
export function createRandom(seed: number, ...streams: number[]): Random {
  const bits = xoshiro128starstar(stateOf([seed, ...streams]))
  const next = (): number => ((bits() >>> 5) * 2 ** 26 + (bits() >>> 6)) / 2 ** 53

  const int = (n: number): number => {
    const limit = TWO_32 - (TWO_32 % n)
    let word = bits()
    while (word >= limit) word = bits()
    return word % n
  }

  let spare: number | undefined
  // Marsaglia's polar method: two normal numbers at a time, the second kept for the next call.
  const normal = (): number => {
    if (spare !== undefined) {
      const kept = spare
      spare = undefined
      return kept
    }
    for (;;) {
      const u = 2 * next() - 1
      const v = 2 * next() - 1
      const square = u * u + v * v
      if (square >= 1 || square === 0) continue
      const factor = Math.sqrt((-2 * Math.log(square)) / square)
      spare = v * factor
      return u * factor
    }
  }

  // Marsaglia and Tsang, "A Simple Method for Generating Gamma Variables" (2000); below shape 1 by their boost.
  const gamma = (shape: number, scale: number): number => {
    if (shape < 1) return gamma(shape + 1, scale) * (1 - next()) ** (1 / shape)
    const d = shape - 1 / 3
    const c = 1 / Math.sqrt(9 * d)
    for (;;) {
      const x = normal()
      const v = (1 + c * x) ** 3
      if (v > 0 && Math.log(1 - next()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v * scale
    }
  }

  return { next, int, normal, gamma, exponential: (mean) => -mean * Math.log(1 - next()) }
}

/**
 * The first 32 random bits of {@link createRandom}'s source for a seed and two streams. Nothing is made for it, since each request
 * needs some: they depend on one word of the source's state alone.
 */
export function firstBits(seed: number, stream: number, substream: number): number {
  const lane = LANES[1]
  const word = withNumber(withNumber(withNumber(lane, seed, lane), stream, lane), substream, lane)
  // A state of nothing but zeros is none.
  if (word === 0) return xoshiro128starstar(stateOf([seed, stream, substream]))()
  return Math.imul(rotateLeft(Math.imul(word, 5), 7), 9) >>> 0
}

/** A copy in random order (Fisher–Yates). */
export function shuffled<Item>(list: readonly Item[], random: Random): Item[] {
  return Array.from(permutation(list.length, random), (index) => list[index] as Item)
}

/** The numbers 0 to n − 1 in random order (Fisher–Yates). */
export function permutation(n: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, index) => index)
  for (let last = n - 1; last > 0; last--) {
    const other = random.int(last + 1)
    const kept = order[last]!
    order[last] = order[other]!
    order[other] = kept
  }
  return order
}

/** Random numbers that are the same for the same seed. */
export interface Random {
  /** From 0 to 1, without 1. */
  readonly uniform: () => number
  /** Of a standard normal distribution. */
  readonly normal: () => number
}

/**
 * Uniform numbers by Mulberry32, made normal in pairs.
 *
 * Source of the latter: G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates", Annals of Mathematical
 * Statistics 29 (1958).
 */
export function randomFrom(seed: number): Random {
  let state = seed | 0
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  let spare: number | undefined
  const normal = (): number => {
    if (spare !== undefined) {
      const kept = spare
      spare = undefined
      return kept
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()))
    const angle = 2 * Math.PI * uniform()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
  return { uniform, normal }
}

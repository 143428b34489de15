import type { GgufTensor } from './gguf-writer.ts'
import type { TinyVocabulary } from './tiny-vocabulary.ts'

/** Size of the tiny model. */
export interface TinyShape {
  readonly layers: number
  readonly width: number
  readonly feedForward: number
  readonly heads: number
  readonly kvHeads: number
  readonly seed: number
}

/** How far logits of different tokens lie apart: enough that greedy answers vary, not so much that sampling always agrees. */
const LOGIT_SPREAD = 2.5
/** Weight of the constant channel in the embedding, and on the logits of tokens that may and may not be said. */
const CONSTANT = 4
const SAY = 8

/**
 * Seeded random weights of a llama. Channel 0 of the residual stream is a constant that no layer changes; the output row weighs it
 * positively for spoken tokens and negatively for all others (end of sequence, bytes), so every answer runs to its last token.
 */
export function tinyWeights(shape: TinyShape, vocabulary: TinyVocabulary): GgufTensor[] {
  const { layers, width, feedForward, heads, kvHeads } = shape
  const words = vocabulary.entries.length
  const kvWidth = (width / heads) * kvHeads
  const next = xorshift32(shape.seed)
  const normals = Float64Array.from({ length: 8192 }, () => {
    const radius = Math.sqrt(-2 * Math.log((next() + 1) / 4_294_967_297))
    return radius * Math.cos((2 * Math.PI * next()) / 4_294_967_296)
  })

  const tensors: GgufTensor[] = []
  const ones = (name: string): void => void tensors.push({ name, shape: [width], data: new Float32Array(width).fill(1) })
  const random = (name: string, columns: number, rows: number, deviation: number): Uint16Array => {
    const values = Uint16Array.from(normals, (normal) => float16Bits(normal * deviation))
    const data = Uint16Array.from({ length: columns * rows }, () => values[next() >>> 19]!)
    tensors.push({ name, shape: [columns, rows], data })
    return data
  }
  const setColumn0 = (data: Uint16Array, valueOf: (row: number) => number): void => {
    for (let row = 0; row < words; row++) data[row * width] = float16Bits(valueOf(row))
  }

  setColumn0(random('token_embd.weight', width, words, 1), () => CONSTANT)
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string): string => `blk.${layer}.${part}.weight`
    const deviation = 1 / Math.sqrt(width)
    ones(name('attn_norm'))
    random(name('attn_q'), width, width, deviation)
    random(name('attn_k'), width, kvWidth, deviation)
    random(name('attn_v'), width, kvWidth, deviation)
    random(name('attn_output'), width, width, deviation).fill(0, 0, width)
    ones(name('ffn_norm'))
    random(name('ffn_gate'), width, feedForward, deviation)
    random(name('ffn_up'), width, feedForward, deviation)
    random(name('ffn_down'), feedForward, width, 1 / Math.sqrt(feedForward)).fill(0, 0, feedForward)
  }
  ones('output_norm.weight')
  setColumn0(random('output.weight', width, words, LOGIT_SPREAD / Math.sqrt(width)), (id) => (vocabulary.spoken.has(id) ? SAY : -SAY))
  return tensors
}

/** Marsaglia's xorshift: 32-bit numbers, the same on every machine. */
export function xorshift32(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state
  }
}

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** Bits of the nearest half-precision number; too small ones become zero. */
export function float16Bits(value: number): number {
  float[0] = value
  const single = bits[0]!
  const sign = (single >>> 16) & 0x8000
  const exponent = ((single >>> 23) & 0xff) - 112
  if (exponent <= 0) return sign
  // Rounding may carry from the mantissa into the exponent, which is right.
  return sign + (((exponent << 23) + (single & 0x7fffff) + 0x1000) >>> 13)
}

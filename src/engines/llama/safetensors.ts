import { littleEndian } from './gguf-writer.ts'
import type { GgufTensor } from './gguf-writer.ts'

/** A tensor of a safetensors file: `shape` has the contiguous dimension last. */
export interface SafeTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: GgufTensor['data']
}

/**
 * Encodes a safetensors file. A `Float32Array` is stored as F32, a `Uint16Array` holds F16 bits.
 * Format: https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors(tensors: readonly SafeTensor[]): Buffer {
  let offset = 0
  const entries = tensors.map(({ name, shape, data }) => {
    const start = offset
    offset += data.byteLength
    return [name, { dtype: data instanceof Float32Array ? 'F32' : 'F16', shape, data_offsets: [start, offset] }] as const
  })
  const text = JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) })
  const head = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(head.length))
  return Buffer.concat([length, head, ...tensors.map(({ data }) => littleEndian(data))])
}

/** A metadata value of a GGUF file, with its type. */
export type GgufValue =
  | { readonly type: 'uint32' | 'float32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'int32s' | 'float32s'; readonly value: readonly number[] }

/** A tensor: `shape` has the contiguous dimension first, as GGUF does. */
export interface GgufTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array | Uint16Array
}

const VERSION = 3
const ALIGNMENT = 32
const VALUE_TYPE = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const
const TENSOR_TYPE = { float32: 0, float16: 1 } as const

/**
 * Encodes a GGUF file (version 3, little endian). A `Float32Array` is stored as F32, a `Uint16Array` holds F16 bits.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function encodeGguf(metadata: Readonly<Record<string, GgufValue>>, tensors: readonly GgufTensor[]): Buffer {
  const entries = Object.entries(metadata)
  const head: Buffer[] = [Buffer.from('GGUF'), uint32(VERSION), uint64(tensors.length), uint64(entries.length)]
  for (const [key, value] of entries) head.push(text(key), encodeValue(value))
  let offset = 0
  for (const { name, shape, data } of tensors) {
    const type = data instanceof Float32Array ? TENSOR_TYPE.float32 : TENSOR_TYPE.float16
    head.push(text(name), uint32(shape.length), ...shape.map(uint64), uint32(type), uint64(offset))
    offset += aligned(data.byteLength)
  }
  return Buffer.concat([padded(Buffer.concat(head)), ...tensors.map(({ data }) => padded(littleEndian(data)))])
}

function encodeValue({ type, value }: GgufValue): Buffer {
  switch (type) {
    case 'uint32':
      return Buffer.concat([uint32(VALUE_TYPE.uint32), uint32(value)])
    case 'float32':
      return Buffer.concat([uint32(VALUE_TYPE.float32), float32(value)])
    case 'bool':
      return Buffer.concat([uint32(VALUE_TYPE.bool), Buffer.from([value ? 1 : 0])])
    case 'string':
      return Buffer.concat([uint32(VALUE_TYPE.string), text(value)])
    case 'strings':
      return encodeArray(VALUE_TYPE.string, value.map(text))
    case 'int32s':
      return encodeArray(VALUE_TYPE.int32, value.map(uint32))
    case 'float32s':
      return encodeArray(VALUE_TYPE.float32, value.map(float32))
    default:
      throw new TypeError(`no GGUF value type ${String(type satisfies never)}`)
  }
}

function encodeArray(type: number, items: readonly Buffer[]): Buffer {
  return Buffer.concat([uint32(VALUE_TYPE.array), uint32(type), uint64(items.length), ...items])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([uint64(bytes.length), bytes])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}

/** The bytes of a tensor as files hold them. */
export function littleEndian(data: Float32Array | Uint16Array): Buffer {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const nativeIsLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
  if (nativeIsLittle) return bytes
  return data instanceof Float32Array ? Buffer.from(bytes).swap32() : Buffer.from(bytes).swap16()
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes], aligned(bytes.length))
}

import type { Encoding, ParquetType, Statistics } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { deltaBinaryPack } from 'hyparquet-writer/src/delta.js'
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js'
import { writeDeltas } from './deltas.ts'

/** One column of a row group, encoded. */
export interface EncodedColumn {
  readonly path: readonly string[]
  readonly type: ParquetType
  readonly encoding: Encoding
  readonly rows: number
  /** Entries of all rows, those that hold no value included. */
  readonly entries: number
  readonly nulls: number
  /** For each entry 1 where it continues its row's list, else 0; only for lists. */
  readonly repetition?: Uint8Array
  /** For each entry 1 where there is a value, else 0; absent for required columns. */
  readonly definition?: Uint8Array
  readonly values: Uint8Array
  /** What the values are numbers of. */
  readonly dictionary?: { readonly size: number; readonly values: Uint8Array }
  readonly statistics: Statistics
}

/** Whole numbers of 32 bits that are all known. */
export function requiredNumbers(name: string, numbers: Int32Array): EncodedColumn {
  return { ...numberColumn(name, numbers), rows: numbers.length, entries: numbers.length, nulls: 0 }
}

/** Whole numbers of 32 bits; negative ones are unknown. */
export function optionalNumbers(name: string, numbers: Int32Array): EncodedColumn {
  const known = numbers.filter((number) => number >= 0)
  return { ...numberColumn(name, known), ...presence(numbers, known.length, (number) => number >= 0) }
}

function numberColumn(name: string, known: Int32Array): Pick<EncodedColumn, 'path' | 'type' | 'encoding' | 'values' | 'statistics'> {
  const writer = new ByteWriter()
  deltaBinaryPack(writer, known, 'INT32')
  return {
    path: [name],
    type: 'INT32',
    encoding: 'DELTA_BINARY_PACKED',
    values: writer.getBytes(),
    statistics: rangeOf(known, (value) => value),
  }
}

/**
 * Times in nanoseconds as 64-bit numbers; NaN is unknown.
 * @param origin what they are relative to
 */
export function optionalTimes(name: string, times: Float64Array, origin: bigint): EncodedColumn {
  const known = times.filter((time) => !Number.isNaN(time))
  for (let i = 0; i < known.length; i++) known[i] = Math.round(known[i]!)
  const writer = new ByteWriter()
  writeDeltas(writer, known, origin)
  return {
    path: [name],
    type: 'INT64',
    encoding: 'DELTA_BINARY_PACKED',
    ...presence(times, known.length, (time) => !Number.isNaN(time)),
    values: writer.getBytes(),
    statistics: rangeOf(known, (value) => origin + BigInt(value)),
  }
}

/**
 * Texts of which there are few different ones.
 * @param numbers which of the labels each row has; '' is none
 * @param required whether every row has one
 */
export function labelColumn(name: string, numbers: Uint8Array, labels: readonly string[], required: boolean): EncodedColumn {
  const known = numbers.filter((number) => labels[number] !== '')
  const used = [...new Set(known)].toSorted((a, b) => a - b)
  const places = new Uint8Array(256)
  for (const [place, number] of used.entries()) places[number] = place
  const width = used.length <= 1 ? 0 : 32 - Math.clz32(used.length - 1)
  const values = new ByteWriter()
  values.appendUint8(width)
  if (known.length > 0)
    writeRleBitPackedHybrid(
      values,
      known.map((number) => places[number]!),
      width,
    )
  const dictionary = new ByteWriter()
  for (const number of used) {
    const bytes = Buffer.from(labels[number]!)
    dictionary.appendUint32(bytes.length)
    dictionary.appendBytes(bytes)
  }
  return {
    path: [name],
    type: 'BYTE_ARRAY',
    encoding: 'RLE_DICTIONARY',
    ...(required
      ? { rows: numbers.length, entries: numbers.length, nulls: 0 }
      : presence(numbers, known.length, (number) => labels[number] !== '')),
    values: values.getBytes(),
    dictionary: { size: used.length, values: dictionary.getBytes() },
    statistics: {},
  }
}

/**
 * A list of 32-bit floats in each row.
 * @param offsets where each row's list begins in `floats`; one entry more than rows
 */
export function floatLists(name: string, floats: Float32Array, offsets: Float64Array): EncodedColumn {
  const rows = offsets.length - 1
  const from = offsets[0]!
  const count = offsets[rows]! - from
  let empty = 0
  for (let row = 0; row < rows; row++) if (offsets[row] === offsets[row + 1]) empty++
  const repetition = new Uint8Array(count + empty).fill(1)
  const definition = new Uint8Array(count + empty).fill(1)
  for (let row = 0, entry = 0; row < rows; row++) {
    const length = offsets[row + 1]! - offsets[row]!
    repetition[entry] = 0
    // A row without a list's element has an entry all the same, which says so.
    if (length === 0) definition[entry] = 0
    entry += Math.max(1, length)
  }
  return {
    path: [name, 'list', 'element'],
    type: 'FLOAT',
    encoding: 'BYTE_STREAM_SPLIT',
    rows,
    entries: count + empty,
    nulls: empty,
    repetition,
    definition,
    values: byteStreams(floats.subarray(from, from + count)),
    statistics: {},
  }
}

/** All first bytes, all second bytes and so on: floats of one magnitude share bytes, which compress only where they lie together. */
function byteStreams(floats: Float32Array): Uint8Array {
  const count = floats.length
  const bytes = new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength)
  const split = new Uint8Array(bytes.length)
  for (let i = 0; i < count; i++) {
    split[i] = bytes[4 * i]!
    split[count + i] = bytes[4 * i + 1]!
    split[2 * count + i] = bytes[4 * i + 2]!
    split[3 * count + i] = bytes[4 * i + 3]!
  }
  return split
}

function presence(
  column: Int32Array | Float64Array | Uint8Array,
  known: number,
  isKnown: (value: number) => boolean,
): Pick<EncodedColumn, 'rows' | 'entries' | 'nulls' | 'definition'> {
  const definition = new Uint8Array(column.length)
  for (let i = 0; i < column.length; i++) definition[i] = isKnown(column[i]!) ? 1 : 0
  return { rows: column.length, entries: column.length, nulls: column.length - known, definition }
}

function rangeOf(known: Int32Array | Float64Array, valueOf: (value: number) => number | bigint): Statistics {
  let [least, largest] = [Infinity, -Infinity]
  for (const value of known) {
    if (value < least) least = value
    if (value > largest) largest = value
  }
  return known.length === 0 ? {} : { min_value: valueOf(least), max_value: valueOf(largest) }
}

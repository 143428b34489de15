/**
 * Takes a record from one process to another in pieces: a message is copied several times on its way, and columns of hundreds of
 * megabytes are more than there may be room for.
 * @module
 */
import { release } from '../metrics/float-blocks.ts'
import type { RequestColumns } from '../metrics/columns.ts'
import type { RunRecord } from '../metrics/record.ts'

const PIECE_BYTES = 1024 * 1024

/** The columns that are arrays of numbers. */
type ArrayName = { [Name in keyof RequestColumns]: RequestColumns[Name] extends NumberArray ? Name : never }[keyof RequestColumns]
type NumberArray = Float64Array | Float32Array | Int32Array | Uint8Array

/** Some bytes of one column. */
export interface RecordPiece {
  readonly column: ArrayName
  /** Of the whole column, in bytes. */
  readonly size: number
  /** Where in it these are. */
  readonly at: number
  readonly bytes: Uint8Array
}

/**
 * Hands a record's columns over, piece by piece; each column's memory is free as soon as it is gone.
 * @param post resolves when a piece is on its way
 * @returns the record without what is in the pieces
 */
export async function handOver(record: RunRecord, post: (piece: RecordPiece) => Promise<void>): Promise<RunRecord> {
  if (record.kind !== 'requests') return record
  const rest: Partial<Record<ArrayName, NumberArray>> = {}
  for (const [column, array] of arraysOf(record.columns)) {
    rest[column] = array.slice(0, 0)
    const bytes = new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      await post({ column, size: bytes.length, at, bytes: bytes.subarray(at, at + PIECE_BYTES) })
    }
    release(bytes)
  }
  return { ...record, columns: { ...record.columns, ...rest } as RequestColumns }
}

/** Takes what {@link handOver} hands over. */
export class RecordAssembly {
  readonly #columns = new Map<ArrayName, Uint8Array<ArrayBuffer>>()

  add({ column, size, at, bytes }: RecordPiece): void {
    let whole = this.#columns.get(column)
    if (whole === undefined) this.#columns.set(column, (whole = new Uint8Array(size)))
    whole.set(bytes, at)
  }

  /** The record with its columns. */
  complete(record: RunRecord): RunRecord {
    if (record.kind !== 'requests') return record
    const arrays = Array.from(arraysOf(record.columns), ([column, none]) => {
      const bytes = this.#columns.get(column)
      return [column, bytes === undefined ? none : new (none.constructor as ArrayOf)(bytes.buffer)] as const
    })
    return { ...record, columns: { ...record.columns, ...Object.fromEntries(arrays) } }
  }
}

type ArrayOf = new (buffer: ArrayBuffer) => NumberArray

function arraysOf(columns: RequestColumns): [ArrayName, NumberArray][] {
  return Object.entries(columns).filter((entry): entry is [ArrayName, NumberArray] => ArrayBuffer.isView(entry[1]))
}

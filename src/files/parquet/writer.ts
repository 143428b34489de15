import type { FileHandle } from 'node:fs/promises'
import type { ColumnChunk, KeyValue, RowGroup, SchemaElement } from 'hyparquet'
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js'
import { writePageHeader } from 'hyparquet-writer/src/datapage.js'
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js'
import { writeMetadata } from 'hyparquet-writer/src/metadata.js'
import { snappyCompress } from 'hyparquet-writer/src/snappy.js'
import type { EncodedColumn } from './columns.ts'

const MAGIC = 0x31524150

/**
 * Writes a Parquet file a row group at a time, each column of a group as one page, compressed by Snappy. What hyparquet-writer
 * makes of JavaScript values one by one is done here for whole typed arrays: a run of tens of millions of gaps takes seconds so,
 * and no more memory than a group.
 */
export class ParquetFile {
  readonly #file: FileHandle
  readonly #writer = new ByteWriter()
  readonly #groups: RowGroup[] = []

  constructor(file: FileHandle) {
    this.#file = file
    this.#writer.appendUint32(MAGIC)
  }

  /** @param columns in the order of the schema's leaves, all with as many rows */
  async writeGroup(columns: readonly EncodedColumn[]): Promise<void> {
    const from = this.#writer.offset
    const chunks = columns.map((column) => this.#writeColumn(column))
    this.#groups.push({
      columns: chunks,
      total_byte_size: chunks.reduce((sum, { meta_data }) => sum + meta_data!.total_uncompressed_size, 0n),
      num_rows: BigInt(columns[0]!.rows),
      total_compressed_size: BigInt(this.#writer.offset - from),
    })
    await this.#flush()
  }

  /** Writes what stands at a file's end. */
  async finish(schema: SchemaElement[], metadata: KeyValue[], createdBy: string): Promise<void> {
    writeMetadata(this.#writer, {
      version: 2,
      created_by: createdBy,
      schema,
      num_rows: this.#groups.reduce((sum, { num_rows }) => sum + num_rows, 0n),
      row_groups: this.#groups,
      key_value_metadata: metadata,
      metadata_length: 0,
    })
    this.#writer.appendUint32(MAGIC)
    await this.#flush()
  }

  #writeColumn(column: EncodedColumn): ColumnChunk {
    const writer = this.#writer
    const from = writer.offset
    let uncompressed = column.dictionary === undefined ? 0 : this.#writeDictionary(column.dictionary)
    const dataFrom = writer.offset
    uncompressed += this.#writePage(column)
    return {
      file_offset: BigInt(from),
      meta_data: {
        type: column.type,
        encodings: column.dictionary === undefined ? [column.encoding, 'RLE'] : ['PLAIN', column.encoding, 'RLE'],
        path_in_schema: [...column.path],
        codec: 'SNAPPY',
        num_values: BigInt(column.entries),
        total_compressed_size: BigInt(writer.offset - from),
        total_uncompressed_size: BigInt(uncompressed),
        ...(column.dictionary === undefined ? {} : { dictionary_page_offset: BigInt(from) }),
        data_page_offset: BigInt(dataFrom),
        statistics: { ...column.statistics, null_count: BigInt(column.nulls) },
      },
    }
  }

  #writeDictionary({ size, values }: NonNullable<EncodedColumn['dictionary']>): number {
    const writer = this.#writer
    const from = writer.offset
    const compressed = snappyCompress(values)
    writePageHeader(writer, {
      type: 'DICTIONARY_PAGE',
      uncompressed_page_size: values.length,
      compressed_page_size: compressed.length,
      dictionary_page_header: { num_values: size, encoding: 'PLAIN' },
    })
    const header = writer.offset - from
    writer.appendBytes(compressed)
    return header + values.length
  }

  #writePage({ encoding, rows, entries, nulls, repetition, definition, values }: EncodedColumn): number {
    const writer = this.#writer
    const from = writer.offset
    const levels = new ByteWriter()
    const repetitionBytes = repetition === undefined ? 0 : writeRleBitPackedHybrid(levels, repetition, 1)
    const definitionBytes = definition === undefined ? 0 : writeRleBitPackedHybrid(levels, definition, 1)
    const compressed = snappyCompress(values)
    writePageHeader(writer, {
      type: 'DATA_PAGE_V2',
      uncompressed_page_size: levels.offset + values.length,
      compressed_page_size: levels.offset + compressed.length,
      data_page_header_v2: {
        num_values: entries,
        num_nulls: nulls,
        num_rows: rows,
        encoding,
        definition_levels_byte_length: definitionBytes,
        repetition_levels_byte_length: repetitionBytes,
        is_compressed: true,
      },
    })
    const header = writer.offset - from
    writer.appendBytes(levels.getBytes())
    writer.appendBytes(compressed)
    return header + levels.offset + values.length
  }

  async #flush(): Promise<void> {
    await this.#file.writeFile(this.#writer.getBytes())
    this.#writer.index = 0
  }
}

import { expect, test } from 'vitest'
import { handOver, RecordAssembly } from '../../../src/load/record-pieces.ts'
import type { RecordPiece } from '../../../src/load/record-pieces.ts'
import { ColumnBuilder } from '../../../src/metrics/columns.ts'
import type { RequestRecord, RunRecord } from '../../../src/metrics/record.ts'

/** Just what handing over looks at. */
function recordOf(requests: number, gapsEach: number): RequestRecord {
  const builder = new ColumnBuilder()
  for (let i = 0; i < requests; i++) {
    const gapsMs = Float32Array.from({ length: gapsEach }, (_, gap) => i + gap / 1000)
    builder.append({ promptIndex: i, scheduledNs: i, completed: i % 2 === 0, finishReason: 'stop', target: 'http://a', gapsMs })
  }
  return { kind: 'requests', columns: builder.finish(), notes: ['a note'] } as unknown as RequestRecord
}

/** As messages between processes go: copied at once. */
async function crossed(record: RunRecord): Promise<{ record: RunRecord; pieces: RecordPiece[] }> {
  const assembly = new RecordAssembly()
  const pieces: RecordPiece[] = []
  const rest = await handOver(record, async (piece) => {
    const copy = structuredClone({ ...piece, bytes: piece.bytes.slice() })
    pieces.push(copy)
    assembly.add(copy)
  })
  return { record: assembly.complete(structuredClone(rest)), pieces }
}

test('a record comes out of its pieces as it was, however large its columns are', async () => {
  const record = recordOf(10_000, 100)
  const before = structuredClone(record)
  const { record: after, pieces } = await crossed(record)
  expect(after).toEqual(before)
  const gaps = pieces.filter(({ column }) => column === 'gapsMs')
  expect(gaps.map(({ bytes }) => bytes.length)).toEqual([1 << 20, 1 << 20, 1 << 20, 4_000_000 - 3 * (1 << 20)])
})

test('a column is given up as soon as it has been handed over', async () => {
  const record = recordOf(3, 2)
  await crossed(record)
  expect(record.columns.gapsMs).toHaveLength(0)
  expect(record.columns.sentNs).toHaveLength(0)
})

test('a record without requests crosses as it is', async () => {
  const record = { kind: 'offline', notes: [] } as unknown as RunRecord
  expect(await crossed(record)).toEqual({ record, pieces: [] })
})

test('a run without a single request has columns, too', async () => {
  const { record } = await crossed(recordOf(0, 0))
  expect(record).toEqual(recordOf(0, 0))
})

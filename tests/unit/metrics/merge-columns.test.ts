import { expect, test } from 'vitest'
import { ColumnBuilder, ERROR_KINDS } from '../../../src/metrics/columns.ts'
import type { RequestColumns, RequestRow } from '../../../src/metrics/columns.ts'
import { concat, mergeColumns } from '../../../src/metrics/merge-columns.ts'

const row = (promptIndex: number, more: Partial<RequestRow> = {}): RequestRow => ({
  promptIndex,
  scheduledNs: promptIndex,
  completed: true,
  ...more,
})

function columnsOf(...rows: RequestRow[]): RequestColumns {
  const builder = new ColumnBuilder()
  for (const each of rows) builder.append(each)
  return builder.finish()
}

const a = columnsOf(
  row(0, { client: 0, sentNs: 5, finishReason: 'stop', target: 'http://a', gapsMs: [1, 2] }),
  row(1, { client: 2, finishReason: 'length', target: 'http://b', outputTokens: 7, gapsMs: [] }),
)
const b = columnsOf(
  row(2, { client: 1, finishReason: 'length', target: 'http://b', gapsMs: [3], connectNs: 9 }),
  row(3, { client: 3, completed: false, errorKind: 'reset', target: 'http://c', gapsMs: [4, 5, 6] }),
)

test('rows stand in the order of the parts, as if one builder had taken them', () => {
  const rows = [
    row(0, { client: 0, sentNs: 5, finishReason: 'stop', target: 'http://a', gapsMs: [1, 2] }),
    row(1, { client: 2, finishReason: 'length', target: 'http://b', outputTokens: 7, gapsMs: [] }),
    row(2, { client: 1, finishReason: 'length', target: 'http://b', gapsMs: [3], connectNs: 9 }),
    row(3, { client: 3, completed: false, errorKind: 'reset', target: 'http://c', gapsMs: [4, 5, 6] }),
  ]
  expect(mergeColumns([a, b])).toEqual(columnsOf(...rows))
})

test('texts keep their meaning where the parts number them differently', () => {
  const merged = mergeColumns([b, a])
  expect([...merged.finishReason].map((index) => merged.finishReasons[index])).toEqual(['length', '', 'stop', 'length'])
  expect([...merged.target].map((index) => merged.targets[index])).toEqual(['http://b', 'http://c', 'http://a', 'http://b'])
  expect([...merged.errorKind].map((index) => ERROR_KINDS[index])).toEqual(['', 'reset', '', ''])
  const gapsOf = (i: number): number[] => [...merged.gapsMs.subarray(merged.gapOffsets[i], merged.gapOffsets[i + 1])]
  expect([0, 1, 2, 3].map(gapsOf)).toEqual([[3], [4, 5, 6], [1, 2], []])
})

test('one part is passed on as it is, and parts without a row count for nothing', () => {
  const empty = columnsOf()
  expect(mergeColumns([a])).toBe(a)
  expect(mergeColumns([empty, a, empty])).toBe(a)
  expect(mergeColumns([empty, empty]).length).toBe(0)
})

test('labels that no byte can point to share the last number', () => {
  const [first, second] = [0, 200].map((from) =>
    columnsOf(...Array.from({ length: 200 }, (_, i) => row(i, { finishReason: `reason ${from + i}` }))),
  ) as [RequestColumns, RequestColumns]
  const merged = mergeColumns([first, second])
  expect(merged.finishReasons).toHaveLength(256)
  expect(merged.finishReasons[merged.finishReason[10]!]).toBe('reason 10')
  expect(merged.finishReasons[merged.finishReason[210]!]).toBe('reason 210')
  expect(merged.finishReason[399]).toBe(255)
})

test('arrays are put together in their kind', () => {
  expect(concat([Float32Array.of(1), Float32Array.of(), Float32Array.of(2, 3)])).toEqual(Float32Array.of(1, 2, 3))
  const alone = Float64Array.of(1)
  expect(concat([alone])).toBe(alone)
  expect(() => concat([])).toThrow('nothing')
})

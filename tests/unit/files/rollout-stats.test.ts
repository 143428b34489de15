import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DISPERSED_HEADER, dispersedRow, GLOBAL_HEADER, globalRow, type BatchLengths } from '../../../src/files/rollout-stats.ts'

const batch = (index: number, seconds: number, tokens: (number | null)[][]): BatchLengths => ({
  index,
  startNs: 5e9,
  endNs: 5e9 + Math.round(seconds * 1e9),
  prompts: tokens.map((lengths, promptIndex) => ({ promptIndex, tokens: lengths })),
})

const BATCHES = [
  batch(0, 3.21, [
    [210, 198],
    [305, 287],
  ]),
  // Averages of one and of two decimals, a round time, a throughput that ends in 0.
  batch(1, 2, [
    [210, 210, 211],
    [100, 101, 101],
  ]),
  // A failed answer, and a prompt without any.
  batch(2, 1, [
    [null, 40],
    [null, null],
  ]),
  batch(3, 0.5, [[null]]),
  batch(4, 10.004, [[7]]),
]

const golden = (name: string): string => readFileSync(new URL(`../reporters/golden/${name}`, import.meta.url), 'utf8')
const file = (header: string, row: (batch: BatchLengths) => string): string => `${[header, ...BATCHES.map(row)].join('\r\n')}\r\n`

test("rows have PaddleNLP's form to the byte", () => {
  expect(file(DISPERSED_HEADER, dispersedRow)).toBe(golden('dispersed_stats.csv'))
  expect(file(GLOBAL_HEADER, globalRow)).toBe(golden('global_stats.csv'))
})

test('throughput is divided by the time as it was, not by the rounded one', () => {
  expect(globalRow(batch(0, 0.004, [[100]]))).toBe('0,100,100,100.0,100,0.00,25000.00,"[100]"')
})

test('a batch of more answers than a call takes arguments has its figures', () => {
  const many = batch(0, 1, [Array.from({ length: 200_000 }, (_, i) => i % 10)])
  expect(globalRow(many)).toBe('0,0,9,4.5,900000,1.00,900000.00,"[9]"')
})

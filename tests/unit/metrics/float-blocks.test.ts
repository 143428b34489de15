import { expect, test } from 'vitest'
import { FloatBlocks, release } from '../../../src/metrics/float-blocks.ts'

test.for([
  ['nothing', []],
  ['what fits into one block', [3, 0, 5]],
  ['what fills blocks of growing size', Array.from({ length: 300 }, (_, i) => 1 + ((i * 37) % 1000))],
  ['a run that is longer than any block so far', [10, 100_000, 10]],
] as const)('gives %s back in one array, in order', ([, lengths]) => {
  const blocks = new FloatBlocks()
  const expected: number[] = []
  for (const length of lengths) {
    const run = Float32Array.from({ length }, (_, i) => expected.length + i)
    blocks.append(run)
    expected.push(...run)
    expect(blocks.length).toBe(expected.length)
  }
  expect(blocks.take()).toEqual(Float32Array.from(expected))
})

test('an array that was released holds no memory any more', () => {
  const values = new Float32Array(1000)
  release(values)
  expect([values.length, values.buffer.byteLength]).toEqual([0, 0])
})

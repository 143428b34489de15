import { expect, test } from 'vitest'
import { Literal } from '../../../src/targets/literal.ts'

const TEXT = 'data: {"id":"ü","n":1}'
const BYTES = Buffer.from(TEXT)

/** These bytes behind some others, as a view, and where they begin in it. */
function at(offset: number, bytes: Buffer): [view: DataView, at: number] {
  const all = Buffer.concat([Buffer.alloc(offset, 'x'), bytes])
  return [new DataView(all.buffer, all.byteOffset, all.length), offset]
}

test.each([0, 1, 2, 3, 4])('a literal is found where it lies, at an offset of %i', (offset) => {
  expect(new Literal(TEXT).liesIn(...at(offset, BYTES), 0, BYTES.length)).toBe(true)
})

test('another byte anywhere in what is asked for is seen, and nowhere else', () => {
  const literal = new Literal(TEXT)
  for (let changed = 0; changed < BYTES.length; changed++) {
    const other = Buffer.from(BYTES)
    other[changed]! ^= 0x80
    for (const [from, to] of [
      [0, BYTES.length],
      [1, BYTES.length],
      [6, BYTES.length - 2],
      [5, 6],
    ] as const) {
      const view = at(3, other)
      expect([changed, from, to, literal.liesIn(...view, from, to)]).toEqual([changed, from, to, changed < from || changed >= to])
    }
  }
})

test('nothing is looked at beyond what is asked for', () => {
  const [view] = at(0, BYTES.subarray(0, 7))
  expect(new Literal(TEXT).liesIn(view, 0, 0, 7)).toBe(true)
})

import { expect, test } from 'vitest'
import { formatRanges, parseRanges } from '../../../src/files/ranges.ts'

test.each([
  [[], ''],
  [[0], '0'],
  [[0, 1, 2, 3, 4, 7], '0-4,7'],
  [[7, 3, 2, 3, 10, 9], '2-3,7,9-10'],
])('%j is written as %j', (numbers, text) => {
  expect(formatRanges(numbers)).toBe(text)
  expect(parseRanges(text)).toEqual([...new Set(numbers)].toSorted((a, b) => a - b))
})

test.each(['4-0', '1,', 'a', '-1', '1 - 2'])('%j is no list of ranges', (text) => {
  expect(() => parseRanges(text)).toThrow(expect.objectContaining({ code: 'RESULTS', message: expect.stringContaining(`'${text}'`) }))
})

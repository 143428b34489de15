import { expect, test } from 'vitest'
import { isDone } from '../../../src/targets/readers.ts'

test('the end mark is known with blanks round it, and nothing else is taken for it', () => {
  const bytes = Buffer.from('{} [DONE] ')
  expect(isDone(bytes, 3, 9)).toBe(true)
  expect(isDone(bytes, 3, 10)).toBe(true)
  expect(isDone(bytes, 0, 2)).toBe(false)
  expect(isDone(Buffer.from('["DONE"]'), 0, 8)).toBe(false)
})

import { expect, test } from 'vitest'
import { scrubber } from '../../../../src/targets/wire/secrets.ts'

const scrub = scrubber(['sk-secret', 'sk-secret-longer', 'abc', '', 'with (odd) $& .* characters'])

test.each([
  ['the key sk-secret is refused', 'the key *** is refused'],
  ['sk-secret-longer and sk-secret', '*** and ***'],
  ['with (odd) $& .* characters', '***'],
  ['too short to be told from a word: abc', 'too short to be told from a word: abc'],
  ['cut in its middle: sk-sec…', 'cut in its middle: ***…'],
  ['cut in its middle, and more: sk-secret-lon…; is it ready?', 'cut in its middle, and more: ***…; is it ready?'],
  ['a beginning that was not cut: sk-sec', 'a beginning that was not cut: sk-sec'],
])('%j becomes %j', (text, expected) => {
  expect(scrub(text)).toBe(expected)
})

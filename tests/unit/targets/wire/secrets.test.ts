import { expect, test } from 'vitest'
import { scrubber } from '../../../../src/targets/wire/secrets.ts'

const PEM = '-----BEGIN KEY-----\nMIIEvQIBADAN\r\n}\nlastLine==\n-----END KEY-----\n'
const scrub = scrubber(['sk-secret', 'sk-secret-longer', 'abc', '', 'with (odd) $& .* characters', PEM])

test.each([
  ['the key sk-secret is refused', 'the key *** is refused'],
  ['sk-secret-longer and sk-secret', '*** and ***'],
  ['with (odd) $& .* characters', '***'],
  ['too short to be told from a word: abc', 'too short to be told from a word: abc'],
  [`of several lines, as a whole: ${PEM}.`, 'of several lines, as a whole: ***.'],
  ['of several lines, one by one: MIIEvQIBADAN, lastLine==, }', 'of several lines, one by one: ***, ***, }'],
  ['cut in its middle: sk-sec…', 'cut in its middle: ***…'],
  ['cut in its middle, and more: sk-secret-lon…; is it ready?', 'cut in its middle, and more: ***…; is it ready?'],
  ['a beginning that was not cut: sk-sec', 'a beginning that was not cut: sk-sec'],
])('%j becomes %j', (text, expected) => {
  expect(scrub(text)).toBe(expected)
})

import { expect, test } from 'vitest'
import { createRandom } from '../../../../src/datasets/sampling.ts'
import type { Random } from '../../../../src/datasets/sampling.ts'
import { NdjsonReader } from '../../../../src/targets/wire/ndjson.ts'

function linesOf(parts: readonly Buffer[], limit?: number): string[] {
  const lines: string[] = []
  const reader = new NdjsonReader((bytes, start, end) => lines.push(bytes.toString('latin1', start, end)), limit)
  for (const part of parts) reader.push(part)
  reader.end()
  return lines
}

function cutAnywhere(bytes: Buffer, random: Random): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.int(random.int(3) === 0 ? 60 : 5)
    parts.push(bytes.subarray(at, at + size))
    at += size
  }
  return parts
}

test.each([
  ['lines', '{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']],
  ['CRLF', '{"a":1}\r\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']],
  ['empty lines', '\n\n{"a":1}\n\r\n\n', ['{"a":1}']],
  ['a last line without an end', '{"a":1}\n{"b":2}', ['{"a":1}', '{"b":2}']],
  ['a carriage return within a line', '{"a":\r1}\n', ['{"a":\r1}']],
  ['nothing', '', []],
])('%s', (_, text, lines) => {
  expect(linesOf([Buffer.from(text)])).toEqual(lines)
  expect(linesOf(Array.from(Buffer.from(text), (byte) => Buffer.from([byte])))).toEqual(lines)
})

test('a line is handed on in the read that ends it, where it lies', () => {
  const seen: [Buffer, string][] = []
  const reader = new NdjsonReader((bytes, start, end) => seen.push([bytes, bytes.toString('utf8', start, end)]))
  const read = Buffer.from('xx{"a":1}\n{"b"xx')
  reader.push(read, 2, read.length - 2)
  expect(seen.map(([, text]) => text)).toEqual(['{"a":1}'])
  expect(seen[0]![0].buffer).toBe(read.buffer)
  reader.push(Buffer.from(':2}\n'))
  expect(seen.map(([, text]) => text)).toEqual(['{"a":1}', '{"b":2}'])
})

test('what is known by its bytes is taken at the begin of a line only', () => {
  const known = Buffer.from('{"k":1}\n')
  const lines: string[] = []
  let taken = 0
  const reader = new NdjsonReader(
    (bytes, start, end) => lines.push(bytes.toString('utf8', start, end)),
    undefined,
    (bytes, start, end) => {
      let at = start
      for (; end - at >= known.length && bytes.compare(known, 0, known.length, at, at + known.length) === 0; at += known.length) taken++
      return at
    },
  )
  reader.push(Buffer.concat([known, known, Buffer.from('{"a"'), known, known, Buffer.from('{"b":2}\n'), known]))
  expect(taken).toBe(4)
  expect(lines).toEqual(['{"a"{"k":1}', '{"b":2}'])
})

test('garbage gives equal lines however it is cut, and never hangs', () => {
  const random = createRandom(12, 0)
  const alphabet = [10, 13, 123, 34, 97, 0, 255]
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(
      Array.from({ length: 400 }, () => (random.int(5) === 0 ? random.int(256) : alphabet[random.int(alphabet.length)]!)),
    )
    const expected = bytes
      .toString('latin1')
      .split('\n')
      .map((line) => line.replace(/\r$/, ''))
      .filter((line) => line !== '')
    for (let i = 0; i < 5; i++) expect(linesOf(cutAnywhere(bytes, random))).toEqual(expected)
  }
})

test('memory is bounded: an endless line', () => {
  const reader = new NdjsonReader(() => {}, 1024 * 1024)
  const part = Buffer.from('x'.repeat(100))
  expect(() => {
    for (let i = 0; i < 1_000_000; i++) reader.push(part)
  }).toThrow('an event of the stream is larger than 1 MiB')
  const whole = new NdjsonReader(() => {}, 1024)
  expect(() => whole.push(Buffer.from(`${'x'.repeat(2000)}\n`))).toThrow('an event of the stream is larger than')
})

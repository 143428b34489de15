import { describe, expect, test } from 'vitest'
import { SseReader } from '../../../../src/targets/wire/sse.ts'

/** The events' data in bytes cut into these pieces. */
function eventsOf(pieces: readonly Buffer[], limit?: number): string[] {
  const events: string[] = []
  const reader = new SseReader((bytes, start, end) => events.push(bytes.toString('utf8', start, end)), limit)
  for (const piece of pieces) reader.push(piece)
  reader.end()
  return events
}

const whole = (text: string | Buffer) => eventsOf([Buffer.from(text as string)])
const byByte = (text: string | Buffer) => eventsOf(Array.from(Buffer.from(text as string), (byte) => Buffer.from([byte])))

/** A generator of pseudo-random numbers below n, the same in every run. */
function randomness(seed: number): (n: number) => number {
  let state = seed
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

function cutAnywhere(bytes: Buffer, random: (n: number) => number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const length = random(4) === 0 ? 1 : 1 + random(40)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

describe.each([
  ['in one read', whole],
  ['byte by byte', byByte],
])('%s', (_, read) => {
  test.each([
    ['a space after the colon is not part of the data', 'data: a\n\ndata:b\n\ndata:  c\n\n', ['a', 'b', ' c']],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['CR', 'data: a\r\rdata: b\r\r', ['a', 'b']],
    ['mixed line ends', 'data: a\r\n\ndata: b\n\r\ndata: c\r\r\n', ['a', 'b', 'c']],
    ['several data lines are joined by line feeds', 'data: a\ndata: b\ndata:\ndata: c\n\n', ['a\nb\n\nc']],
    ['comments and other fields are skipped', ': ping\n\nevent: x\nid: 1\ndata: a\n: in between\nretry: 3\n\n', ['a']],
    ['a field that begins like data is another field', 'database: a\n\ndat: b\n\ndata: c\n\n', ['c']],
    ['events without data are none', 'data\n\ndata:\n\nevent: x\n\n\n\n', []],
    ['a byte order mark is skipped', '\ufeffdata: a\n\n\ufeffdata: b\n\n', ['a']],
    ['text beyond ASCII', 'data: wörld 🙂 日本\n\n', ['wörld 🙂 日本']],
    ['an event without a closing blank line', 'data: a\n\ndata: [DONE]', ['a', '[DONE]']],
    ['an event whose last line is ended, but which is not', 'data: a\n', ['a']],
    ['nothing', '', []],
  ])('%s', (_name, text, events) => {
    expect(read(text)).toEqual(events)
  })
})

test('equal bytes give equal events however they are cut', () => {
  const random = randomness(7)
  const lines = ['data: {"a":"ö🙂"}', 'data:b', 'data', ': comment', 'event: x', '', '', '', `data: ${'long '.repeat(60)}`]
  const ends = ['\n', '\r\n', '\r']
  for (let round = 0; round < 300; round++) {
    const text = Array.from({ length: 30 }, () => lines[random(lines.length)]! + ends[random(ends.length)]!).join('')
    const bytes = Buffer.from(text)
    const expected = eventsOf([bytes])
    for (let i = 0; i < 5; i++) expect(eventsOf(cutAnywhere(bytes, random))).toEqual(expected)
  }
})

test('garbage gives equal events however it is cut, and never hangs', () => {
  const random = randomness(11)
  const alphabet = [10, 13, 100, 97, 116, 97, 58, 32, 0xef, 0xbb, 0xbf, 0, 255]
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(Array.from({ length: 400 }, () => (random(5) === 0 ? random(256) : alphabet[random(alphabet.length)]!)))
    const expected = eventsOf([bytes])
    for (let i = 0; i < 5; i++) expect(eventsOf(cutAnywhere(bytes, random))).toEqual(expected)
  }
})

test('an event is handed on in the read that completes it', () => {
  const events: string[] = []
  const reader = new SseReader((bytes, start, end) => events.push(bytes.toString('utf8', start, end)))
  reader.push(Buffer.from('data: a\r\n'))
  expect(events).toEqual([])
  reader.push(Buffer.from('\r'))
  expect(events).toEqual(['a'])
  reader.push(Buffer.from('\ndata: b\r\n\r\n'))
  expect(events).toEqual(['a', 'b'])
})

test.each([
  ['one endless line', () => Buffer.from('x'.repeat(100))],
  ['endless data lines', () => Buffer.from('data: 12345\n')],
])('memory is bounded: %s', (_, more) => {
  const reader = new SseReader(() => {}, 1024 * 1024)
  expect(() => {
    for (let i = 0; i < 1_000_000; i++) reader.push(more())
  }).toThrow('an event of the stream is larger than 1 MiB')
})

test('an event of just under the limit is read', () => {
  const data = 'x'.repeat(1024 * 1024 - 100)
  expect(
    eventsOf(
      cutAnywhere(Buffer.from(`data: ${data}\n\n`), (n) => n - 1),
      1024 * 1024,
    ),
  ).toEqual([data])
})

import { LlmBenchError, messageOf } from '../errors.ts'
import { readBytes } from './read-file.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const BYTE_ORDER_MARK = new Set([0xef, 0xbb, 0xbf])
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

/**
 * The elements of a file that is one JSON array, one after another. The usual ShareGPT file is longer than the longest string
 * that V8 can hold, so that the file can't be parsed whole.
 * @throws {LlmBenchError} `DATASET` where the file is no JSON array, naming the element (counted from 0)
 */
export async function* readJSONArray(file: string): AsyncGenerator<unknown, void, void> {
  const fail = (problem: string, cause?: unknown): LlmBenchError => new LlmBenchError('DATASET', `dataset ${file} ${problem}`, { cause })
  let place: 'before' | 'inside' | 'after' = 'before'
  let count = 0
  let depth = 0
  let inString = false
  let escaped = false
  let parts: Buffer[] = []

  const element = (bytes: Buffer): unknown => {
    const text = Buffer.concat([...parts, bytes]).toString('utf8')
    parts = []
    try {
      return JSON.parse(text)
    } catch (error) {
      throw fail(`has bad JSON in element ${count}: ${messageOf(error)}`, error)
    } finally {
      count += 1
    }
  }
  const isBlank = (bytes: Buffer): boolean => [...parts, bytes].every((part) => part.every(isSpace))

  for await (const piece of readBytes(file)) {
    let start = 0
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at]!
      if (place === 'inside') {
        if (inString) {
          // Most of such a file is text, so its strings are leapt over from quote to quote.
          const quote = piece.indexOf(QUOTE, at)
          const end = quote === -1 ? piece.length : quote
          let backslashes = 0
          while (end - backslashes > at && piece[end - backslashes - 1] === BACKSLASH) backslashes += 1
          if (escaped && backslashes === end - at) backslashes += 1
          escaped = quote === -1 && backslashes % 2 === 1
          inString = quote === -1 || backslashes % 2 === 1
          at = end
        } else if (byte === QUOTE) inString = true
        else if (depth === 0 && (byte === COMMA || byte === CLOSE_BRACKET)) {
          const bytes = piece.subarray(start, at)
          start = at + 1
          if (byte === CLOSE_BRACKET) place = 'after'
          if (place === 'inside' || count > 0 || !isBlank(bytes)) yield element(bytes)
        } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1
        else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1
      } else if (place === 'before' && byte === OPEN_BRACKET) {
        place = 'inside'
        start = at + 1
      } else if (!isSpace(byte) && !(place === 'before' && BYTE_ORDER_MARK.has(byte))) {
        throw fail(place === 'before' ? 'is no JSON array: it does not start with `[`' : `goes on after its JSON array's end`)
      }
    }
    if (place === 'inside') parts.push(piece.subarray(start))
  }
  if (place === 'before') throw fail('is no JSON array: it is blank')
  if (place === 'inside') throw fail(`ends inside element ${count} of its JSON array: it was cut off, or is no JSON`)
}

import { describe, expect, test } from 'vitest'
import { RequestReader } from '../../../../src/servers/simulator/request-reader.ts'

const PLAIN = 'POST /v1/x?q=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX-A:  1 \r\nx-a: 2\r\n\r\nhello'
const CHUNKED = 'POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n'
const GET = 'GET http://h:1/health HTTP/1.0\r\n\r\n'

function read(text: string, pieces: number): string[] {
  const reader = new RequestReader()
  const bytes = Buffer.from(text)
  const seen: string[] = []
  for (let at = 0; at < bytes.length; at += pieces) {
    reader.push(bytes.subarray(at, at + pieces))
    for (let request = reader.take(); request !== undefined; request = reader.take()) {
      const { method, path, headers, body, keepAlive } = request
      seen.push(`${method} ${path} ${headers.get('x-a') ?? ''} ${body.toString()} ${keepAlive}`)
    }
  }
  return seen
}

test.for([1, 2, 3, 7, 64, 1000])('requests are whole however the bytes are cut, in pieces of %i', (pieces) => {
  expect(read(PLAIN + CHUNKED + '\r\n' + GET + PLAIN, pieces)).toEqual([
    'POST /v1/x 1, 2 hello true',
    'POST /c  abc0123456789 true',
    'GET /health   false',
    'POST /v1/x 1, 2 hello true',
  ])
})

describe('refused', () => {
  const bad: [string, string, number][] = [
    ['what is not HTTP', 'hello world\r\n\r\n', 400],
    ['a malformed header', 'GET / HTTP/1.1\r\nbad header\r\n\r\n', 400],
    ['a length that is none', 'POST / HTTP/1.1\r\nContent-Length: 5x\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n', 400],
    ['a length and chunks', 'POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['a body that is too long', 'POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n', 413],
    ['a chunk without a size', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n', 400],
    ['a chunk longer than it says', 'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n', 400],
    ['headers without an end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(70_000)}`, 431],
  ]
  test.for(bad)('%s', ([, text, status]) => {
    expect(() => read(text, 1000)).toThrow(expect.objectContaining({ status }) as Error)
  })
})

test('a client that waits for a word before its body is told of once', () => {
  const reader = new RequestReader()
  reader.push(Buffer.from('POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n'))
  expect([reader.take(), reader.wantsContinue(), reader.wantsContinue()]).toEqual([undefined, true, false])
  reader.push(Buffer.from('ok'))
  expect(reader.take()!.body.toString()).toBe('ok')
})

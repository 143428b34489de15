import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Client } from 'undici'
import { expect, test } from 'vitest'
import { createRandom } from '../../../../src/datasets/sampling.ts'
import { ResponseParser } from '../../../../src/targets/wire/response-parser.ts'

interface Outcome {
  readonly status?: number | undefined
  readonly headers?: IncomingHttpHeaders | undefined
  readonly body: string
  readonly ended: boolean
  readonly keepAlive?: boolean | undefined
  readonly error?: string | undefined
}

/** Reads pieces, after which the connection is closed. */
function read(pieces: readonly Buffer[]): Outcome {
  let status: number | undefined
  let headers: IncomingHttpHeaders | undefined
  let keepAlive: boolean | undefined
  let error: string | undefined
  const body: Buffer[] = []
  const parser = new ResponseParser({
    onHead: (...head) => ([status, headers] = head),
    onBody: (bytes, start, end) => body.push(Buffer.from(bytes.subarray(start, end))),
    onEnd: (kept) => (keepAlive = kept),
  })
  parser.begin()
  try {
    for (const piece of pieces) {
      // Bytes in the middle of a larger buffer, other bytes behind them, as a static buffer has it.
      const around = Buffer.concat([Buffer.from('\r\n0\r\n'), piece, Buffer.from('\r\n\r\n\n0')])
      parser.push(around, 5, 5 + piece.length)
    }
    parser.close()
  } catch (thrown) {
    error = (thrown as Error).message
  }
  return { status, headers, body: Buffer.concat(body).toString('latin1'), ended: keepAlive !== undefined, keepAlive, error }
}

const whole = (text: string) => read([Buffer.from(text, 'latin1')])
const byteByByte = (text: string) => read(Array.from(Buffer.from(text, 'latin1'), (byte) => Buffer.from([byte])))

const READ: [string, string, Partial<Outcome>][] = [
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', { status: 200, body: 'ok', keepAlive: true }],
  ['no reason phrase', 'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n', { status: 200, body: '', keepAlive: true }],
  ['chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n0A\r\nk234567890\r\n0\r\n\r\n', { body: 'ok234567890' }],
  [
    'extensions and trailers',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2;a;b=c;d="e;\\""\r\nok\r\n0;x=1\r\nx-sum: 1\r\ncontent-length: 7\r\n\r\n',
    { body: 'ok', keepAlive: true },
  ],
  ['the end of the connection', 'HTTP/1.1 200 OK\r\n\r\nok\r\n\r\n', { body: 'ok\r\n\r\n', keepAlive: false }],
  ['another coding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nok', { body: 'ok', keepAlive: false }],
  ['interim answers', 'HTTP/1.1 103 Hints\r\nlink: <a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', { status: 200, body: 'ok' }],
  ['204 without a body', 'HTTP/1.1 204 None\r\n\r\n', { status: 204, body: '', keepAlive: true }],
  ['304 whose length is not its own', 'HTTP/1.1 304 Same\r\ncontent-length: 9\r\n\r\n', { status: 304, body: '', keepAlive: false }],
  ['an announced close', 'HTTP/1.1 200 OK\r\nconnection: Keep-Alive, Close\r\ncontent-length: 0\r\n\r\n', { keepAlive: false }],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok', { body: 'ok', keepAlive: false }],
  ['HTTP/1.0 that is kept', 'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok', { keepAlive: true }],
  [
    'headers in several',
    'HTTP/1.1 200 OK\r\nA: 1\r\na:\t2 \r\ncontent-length:0\r\n\r\n',
    { headers: { a: ['1', '2'], 'content-length': '0' } },
  ],
]

test.each(READ)('%s, whole and byte by byte', (_, text, outcome) => {
  for (const result of [whole(text), byteByByte(text)]) expect(result).toMatchObject({ ...outcome, ended: true, error: undefined })
})

test('bytes behind the end are not looked at, and the connection is not kept', () => {
  expect(whole('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok!')).toMatchObject({ body: 'ok', ended: true, keepAlive: false })
})

test('more than a hundred headers are read, and up to 64 KiB', () => {
  const many = Array.from({ length: 300 }, (_, i) => `x-${i}: ${'v'.repeat(200)}\r\n`).join('')
  const { headers } = whole(`HTTP/1.1 200 OK\r\n${many}content-length: 0\r\n\r\n`)
  expect(Object.keys(headers!)).toHaveLength(301)
  expect(whole(`HTTP/1.1 200 OK\r\n${many}${many}`).error).toBe("the answer's headers are too large")
})

const HEAD = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`
const REFUSED: [string, string, string][] = [
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', 'does not begin with HTTP/1.0 or HTTP/1.1'],
  ['another protocol, by its first byte', 'S', 'does not begin'],
  ['HTTP/2', 'HTTP/2 200\r\n', 'does not begin'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n', 'first line'],
  ['a line that ends with LF alone', 'HTTP/1.1 200 OK\n', 'CRLF'],
  ['a folded header', `${HEAD}a: 1\r\n b\r\n`, 'folded'],
  ['a header without a colon', `${HEAD}abc\r\n`, 'no valid name'],
  ['a blank before the colon', `${HEAD}a : 1\r\n`, 'no valid name'],
  ['a NUL in a value', `${HEAD}a: \0\r\n`, 'header a has characters'],
  ['a CR in a value', `${HEAD}a: 1\r2\r\n`, 'header a has characters'],
  ['a length that is no number', `${HEAD}content-length: +2\r\n\r\n`, 'content-length'],
  ['an empty length', `${HEAD}content-length:\r\n\r\n`, 'content-length'],
  ['two lengths', `${HEAD}content-length: 2\r\ncontent-length: 2\r\n\r\n`, 'two content-length'],
  ['a length and chunks', `${HEAD}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n`, 'both'],
  ['a chunk without a size', `${CHUNKED}\r\n`, 'no size'],
  ['a chunk size that is no number', `${CHUNKED}2x\r\n`, 'hexadecimal'],
  ['a blank behind a chunk size', `${CHUNKED}2 \r\nok`, 'hexadecimal'],
  ['a chunk size that is too large', `${CHUNKED}fffffffffffffffff\r\n`, 'too large'],
  ['a chunk size ended by LF', `${CHUNKED}2\nok`, 'hexadecimal'],
  ['a chunk that is too long', `${CHUNKED}2\r\nok!\r\n`, 'longer than it says'],
  ['an extension without a name', `${CHUNKED}2;=1\r\nok`, 'extensions'],
  ['a trailer without a name', `${CHUNKED}0\r\n: 1\r\n\r\n`, 'no valid name'],
  ['100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n', 'not asked for'],
  ['another protocol, politely', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n', 'not asked for'],
]

test.each(REFUSED)('%s is refused', (_, text, message) => {
  for (const result of [whole(text), byteByByte(text)])
    expect(result).toMatchObject({ ended: false, error: expect.stringContaining(message) as string })
})

test.each([
  ['a head', 'HTTP/1.1 200 OK\r\ncontent-le'],
  ['a body with a length', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok'],
  ['a chunk', `${CHUNKED}3\r\nok`],
  ['chunks', `${CHUNKED}2\r\nok\r\n`],
  ['trailers', `${CHUNKED}0\r\na: 1\r\n`],
])('%s cut short is not ended', (_, text) => {
  expect(whole(text)).toMatchObject({ ended: false, error: undefined })
})

test('it stops in the middle of a read when it is told to', () => {
  const told: string[] = []
  const parser: ResponseParser = new ResponseParser({
    onHead: () => {},
    onBody: (bytes, start, end) => {
      told.push(bytes.toString('latin1', start, end))
      parser.stop()
    },
    onEnd: () => told.push('end'),
  })
  for (const text of [`${CHUNKED}1\r\na\r\n1\r\nb\r\n0\r\n\r\n`, `${HEAD}content-length: 1\r\n\r\na`, `${HEAD}\r\na`]) {
    parser.begin()
    parser.push(Buffer.from(text), 0, text.length)
    expect(parser.close()).toBe(false)
  }
  expect(told).toEqual(['a', 'a', 'a'])
})

test('what it makes of 1,500 answers, right and wrong, is what undici makes of the same bytes, however they are cut', async () => {
  const random = createRandom(20_261, 0)
  const cases = Array.from({ length: 1500 }, () => someResponse(() => random.next()))
  const outcomes = await undiciOutcomes(cases.map((text) => Buffer.from(text, 'latin1')))
  const seen = { read: 0, failed: 0 }
  for (const [i, text] of cases.entries()) {
    const bytes = Buffer.from(text, 'latin1')
    const ours = read(cutAtRandom(bytes, () => random.next()))
    const theirs = outcomes[i]!
    const shown = JSON.stringify({ text, ours, theirs })
    expect(ours.ended, shown).toBe(theirs.ended)
    if (!ours.ended) {
      seen.failed++
      continue
    }
    seen.read++
    // undici leaves the blanks behind a value.
    expect(ours.headers, shown).toEqual(Object.fromEntries(Object.entries(theirs.headers!).map(([name, value]) => [name, trimmed(value!)])))
    expect([ours.status, ours.body], shown).toEqual([theirs.status, theirs.body])
  }
  expect(seen.read).toBeGreaterThan(500)
  expect(seen.failed).toBeGreaterThan(300)
})

type Random = () => number

function trimmed(value: string | string[]): string | string[] {
  return Array.isArray(value) ? value.map((each) => each.trim()) : value.trim()
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random() * items.length)]!
}

const REASONS = ['OK', '', 'Not Found', 'caf\xe9', 'a  b ']
const EXTRA = [
  'server: uvicorn',
  'Set-Cookie: a=1',
  'set-cookie: b=2',
  'X-Empty:',
  'x-tab:\ta\tb',
  'X-Latin: \xe9',
  'keep-alive: timeout=5, max=100',
  'connection: close',
  'Connection: keep-alive',
  'content-type: text/event-stream; charset=utf-8',
  "x-!#$%&'*+.^`|~: odd",
  'date:   spaced   ',
]
/** Each breaks an answer, or may. */
const BREAKS: readonly ((text: string, random: Random) => string)[] = [
  (text) => text.replace('\r\n', '\n'),
  (text) => text.replace('\r\n\r\n', '\r\n folded\r\n\r\n'),
  (text) => text.replace(': ', ' : '),
  (text) => text.replace('\r\n', '\r\nno colon\r\n'),
  (text) => text.replace('\r\n\r\n', '\r\ncontent-length: 3\r\n\r\n'),
  (text) => text.replace('\r\n\r\n', '\r\ntransfer-encoding: chunked\r\n\r\n'),
  (text) => text.replace('HTTP/1.1', 'HTP/1.1'),
  (text) => text.replace(/ \d\d\d/, ' 2x0'),
  (text) => text.replace('\r\n\r\n', '\r\nx-nul: \0\r\n\r\n'),
  (text) => text.replace('\r\n\r\n', '\r\n: nameless\r\n\r\n'),
  (text, random) => text.slice(0, Math.floor(random() * text.length)),
  (text) => text.replace(/\r\n([0-9a-f]+)\r\n/, '\r\ng$1\r\n'),
  (text) => text.replace(/\r\n([0-9a-f]+)\r\n/, '\r\n$1\n'),
  (text) => text.replace(/\r\n0\r\n/, '\r\nx0\r\n'),
  (text) => text.replace(/content-length: \d+/, 'content-length: 1x'),
  (text) => text.replace(/content-length: (\d+)/, 'content-length: $1, $1'),
]

function someResponse(random: Random): string {
  const body = Array.from({ length: Math.floor(random() * 40) }, () => String.fromCharCode(Math.floor(random() * 256))).join('')
  const headers = Array.from({ length: Math.floor(random() * 6) }, () => pick(random, EXTRA))
  const status = pick(random, [200, 200, 200, 201, 404, 500, 204, 304])
  const framing = pick(random, ['length', 'chunked', 'close', 'chunked'])
  let rest = body
  if (framing === 'length') headers.splice(Math.floor(random() * headers.length), 0, `content-length: ${body.length}`)
  if (framing === 'chunked') {
    headers.push(pick(random, ['transfer-encoding: chunked', 'Transfer-Encoding: Chunked', 'transfer-encoding: gzip, chunked']))
    rest = ''
    for (let at = 0; at < body.length;) {
      const size = 1 + Math.floor(random() * 12)
      const piece = body.slice(at, at + size)
      rest += `${piece.length.toString(16)}${pick(random, ['', '', ';a', ';a=b', ';a="b c"'])}\r\n${piece}\r\n`
      at += size
    }
    rest += `0\r\n${pick(random, ['', '', 'x-trailer: 1\r\n'])}\r\n`
  }
  if (status === 204 || status === 304) rest = ''
  const interim = random() < 0.1 ? 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n' : ''
  const line = `HTTP/1.${random() < 0.15 ? 0 : 1} ${status}${pick(random, [' ', ' ', ''])}`
  const text = `${interim}${line}${line.endsWith(' ') ? pick(random, REASONS) : ''}\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n${rest}`
  return random() < 0.4 ? pick(random, BREAKS)(text, random) : text
}

function cutAtRandom(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const to = Math.min(bytes.length, at + 1 + Math.floor(random() * (random() < 0.5 ? 4 : 80)))
    pieces.push(bytes.subarray(at, to))
    at = to
  }
  return pieces
}

/** What undici makes of each of these, followed by the end of the connection. */
async function undiciOutcomes(answers: readonly Buffer[]): Promise<Outcome[]> {
  const server = createServer((socket) => {
    socket
      .on('error', () => {})
      .on('data', (bytes) => {
        socket.end(answers[Number(/^GET \/(\d+)/.exec(bytes.toString('latin1'))![1])]!)
      })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const outcome = (i: number): Promise<Outcome> =>
    new Promise((resolve) => {
      const client = new Client(origin)
      let status: number | undefined
      let headers: IncomingHttpHeaders | undefined
      const body: Buffer[] = []
      const end = (ended: boolean): void => {
        resolve({ status, headers, body: Buffer.concat(body).toString('latin1'), ended })
        void client.destroy()
      }
      client.dispatch(
        { method: 'GET', path: `/${i}` },
        {
          onRequestStart: () => {},
          onResponseStart: (_controller, code, fields) => {
            if (code < 200) return
            status = code
            headers = fields
          },
          onResponseData: (_controller, bytes) => void body.push(bytes),
          onResponseEnd: () => end(true),
          onResponseError: () => end(false),
        },
      )
    })
  const outcomes: Outcome[] = []
  for (let i = 0; i < answers.length; i += 50) {
    outcomes.push(...(await Promise.all(Array.from({ length: Math.min(50, answers.length - i) }, (_, j) => outcome(i + j)))))
  }
  await new Promise((resolve) => {
    server.close(resolve)
  })
  return outcomes
}

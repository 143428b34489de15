import { expect, test } from 'vitest'
import { redact } from '../../../src/dsl/redact.ts'
import { openai } from '../../../src/dsl/targets.ts'

const http = 'http://127.0.0.1:8000/v1'
const https = 'https://127.0.0.1:8000/v1'

test('the options of the way to a server are kept as they are; what is left out stays out', () => {
  const way = { socketPath: 'server.sock', http2: true, ca: 'ca.pem', cert: 'client.pem', key: 'client.key', rejectUnauthorized: true }
  expect(openai({ baseURL: https, ...way })).toMatchObject(way)
  expect(openai({ baseURL: http })).not.toHaveProperty('http2')
})

test.for(['proxy:3128', 'socks5://proxy:1080', 'https://proxy', 'http://proxy/path', 'http://', ''])('%j is no proxy', (proxy) => {
  expect(() => openai({ baseURL: http, proxy })).toThrow(/`proxy` is .*: expected an http:\/\/ URL with no path/)
})

test.for([
  [{ baseURL: http, http2: true }, '`http2` is true: needs https:// URLs'],
  [{ baseURLs: [https, http], http2: true }, '`http2` is true: needs https:// URLs'],
  [{ baseURL: http, ca: 'ca.pem' }, '`ca` is "ca.pem": applies to https:// URLs only'],
  [{ baseURL: http, rejectUnauthorized: false }, '`rejectUnauthorized` is false: applies to https:// URLs only'],
  [{ baseURL: https, cert: 'a.pem' }, '`key` is missing: expected both of `cert` and `key`, or neither'],
  [{ baseURL: https, key: 'a.key' }, '`cert` is missing: expected both of `cert` and `key`, or neither'],
  [{ baseURL: http, proxy: 'http://proxy', socketPath: '/run/s' }, 'expected at most one of `proxy` and `socketPath`'],
] as const)('%j is refused', ([options, message]) => {
  expect(() => openai(options as never)).toThrow(message)
})

test("a proxy's user and password are in no report and no message", () => {
  const spec = openai({ baseURL: http, proxy: 'http://user:secret@proxy:3128' })
  expect(redact(spec).proxy).toBe('http://***@proxy:3128/')
  for (const proxy of ['user:secret@proxy:3128', 'https://user:secret@proxy']) {
    expect(() => openai({ baseURL: http, proxy })).toThrow(/^(?!.*secret).*\*\*\*@proxy/)
  }
})

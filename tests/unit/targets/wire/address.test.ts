import { expect, test } from 'vitest'
import { parseAddress } from '../../../../src/targets/wire/address.ts'

test.each([
  ['http://host:8000', 'http://host:8000', '', ''],
  ['http://host:8000/', 'http://host:8000', '', ''],
  ['https://host/a/b///', 'https://host', '/a/b', ''],
  ['http://[::1]:8000/v1', 'http://[::1]:8000', '/v1', ''],
  ['http://host/v1/?key=value', 'http://host', '/v1', '?key=value'],
  ['http://HOST:80/with space#part', 'http://host', '/with%20space', ''],
])('%s', (url, origin, path, query) => {
  expect(parseAddress(url)).toMatchObject({ origin, path, query, authorization: undefined })
})

test.each([
  ['http://user:pass%40word@host', 'user:pass@word', 'pass@word'],
  ['http://user:50%@host', 'user:50%', '50%'],
  ['http://only-a-token@host', 'only-a-token:', 'only-a-token'],
  ['http://ü:ß@host', 'ü:ß', 'ß'],
])('the credentials of %s', (url, credentials, secret) => {
  const encoded = Buffer.from(credentials).toString('base64')
  const address = parseAddress(url)
  expect(address.authorization).toBe(`Basic ${encoded}`)
  expect(address.secrets).toContain(secret)
  expect(address.secrets).toContain(encoded)
  expect(address.shown).not.toContain(secret)
})

import { expect, test } from 'vitest'
import { cut, messageOfBody, transportFailure, WireError } from '../../../../src/targets/wire/failure.ts'

const coded = (code: string, name = 'Error') => Object.assign(new Error('low-level words'), { code, name })

test.each([
  ['ECONNREFUSED', 'connection refused'],
  ['ENOTFOUND', 'the host name is unknown'],
  ['EHOSTUNREACH', 'the host is unreachable'],
  ['UND_ERR_CONNECT_TIMEOUT', 'the host did not answer'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its CA in `ca`'],
  ['CERT_HAS_EXPIRED', 'expired'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the server speaks http'],
  ['EWHATEVER', 'no connection: low-level words'],
])('%s while connecting is told in words', (code, words) => {
  const failure = transportFailure(coded(code), 'connecting', false)
  expect(failure).toMatchObject({ kind: 'connect', message: expect.stringContaining(words) as string })
})

test.each(['ECONNRESET', 'EPIPE', 'EPROTO', 'UND_ERR_CONNECT_TIMEOUT'])('%s in place of a TLS handshake names plain http', (code) => {
  expect(transportFailure(coded(code), 'handshake', false)).toEqual({
    kind: 'connect',
    message: `TLS failed: the server may speak plain http on this port (${code})`,
  })
})

test('a certificate that is refused in the handshake is told of as such', () => {
  expect(transportFailure(coded('CERT_HAS_EXPIRED'), 'handshake', false).message).toContain('expired')
})

test('several refused addresses are one refusal', () => {
  const error = new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')])
  expect(transportFailure(error, 'connecting', false).message).toContain('connection refused')
})

test.each([
  ['a close before the answer', coded('UND_ERR_SOCKET'), 'waiting', false, 'reset'],
  ['a reset in a stream', coded('ECONNRESET'), 'reading', false, 'reset'],
  ['a close in a stream', coded('UND_ERR_SOCKET'), 'reading', false, 'reset'],
  ['a close in a document', coded('UND_ERR_SOCKET'), 'reading', true, 'truncated'],
  ['a document shorter than it said', coded('UND_ERR_RES_CONTENT_LENGTH_MISMATCH'), 'reading', true, 'truncated'],
  ['a reset in a document', coded('ECONNRESET'), 'reading', true, 'reset'],
  ['what is not HTTP', coded('HPE_INVALID_CONSTANT', 'HTTPParserError'), 'waiting', false, 'protocol'],
  ['headers without end', coded('UND_ERR_HEADERS_OVERFLOW'), 'waiting', false, 'protocol'],
  ['what a reader refused', new WireError('protocol', 'x'), 'reading', false, 'protocol'],
] as const)('%s', (_, error, phase, wholeBody, kind) => {
  expect(transportFailure(error, phase, wholeBody).kind).toBe(kind)
})

test.each([
  ['{"error":{"message":"no such model","code":404}}', 'no such model'],
  ['{"error":"no such model","error_type":"validation"}', 'no such model'],
  ['{"object":"error","message":"too long","code":400}', 'too long'],
  ['{"detail":[{"loc":["body","messages"],"msg":"field required"}]}', 'field required'],
  ['{"detail":"Not Found"}', 'Not Found'],
  ['{"unknown":1}', '{"unknown":1}'],
  ['<html><head><title> 502 Bad\nGateway </title></head>', 'an HTML page, "502 Bad Gateway"'],
  ['<!DOCTYPE html><p>x', 'an HTML page'],
  ['plain\n words ', 'plain words'],
  ['', ''],
])('%j says %j', (body, message) => {
  expect(messageOfBody(body)).toBe(message)
})

test('a long message is cut to 200 characters', () => {
  expect(cut('x'.repeat(500))).toHaveLength(200)
})

test('a cut text has no half characters and no control characters', () => {
  const emoji = cut('🙂'.repeat(300))
  expect(emoji).toBe(`${'🙂'.repeat(99)}…`)
  expect(cut('\ud83d lone')).toBe('\ufffd lone')
  expect(cut('a\u0000b\u001b[31mc\u0085d\r\n')).toBe('a b [31mc d')
})

import type { ErrorKind } from '../../metrics/columns.ts'
import { messageOf } from '../../errors.ts'

/** Why a request failed, short enough for a table. */
export interface Failure {
  readonly kind: ErrorKind
  readonly message: string
}

/** Thrown by readers of a response that make nothing of it. */
export class WireError extends Error {
  readonly kind: ErrorKind

  constructor(kind: ErrorKind, message: string) {
    super(message)
    this.name = 'WireError'
    this.kind = kind
  }
}

/** The server has closed the connection in good order, though not at the end of an answer. */
export class PeerClosedError extends Error {
  readonly code = 'EOF'

  constructor() {
    super('the other side closed the connection')
    this.name = 'PeerClosedError'
  }
}

/** How far an exchange had come when its transport failed. */
export type Phase = 'connecting' | 'handshake' | 'waiting' | 'reading'

const CONNECT_CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: is the server running there?',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be resolved just now',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  ETIMEDOUT: 'the host did not answer',
  UND_ERR_CONNECT_TIMEOUT: 'the host did not answer',
  ECONNRESET: 'the server closed the connection while it was being opened',
  ENOENT: 'there is no such Unix socket: is the server running?',
  EACCES: 'no permission to connect',
  EMFILE: 'no more files may be opened here: raise `ulimit -n`',
  EADDRNOTAVAIL: 'no local port is free',
  EPROTO: 'TLS failed: does the server speak https on this port?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'TLS failed: the server speaks http on this port',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'TLS failed: the server speaks http on this port',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'the server speaks no HTTP/2 over TLS: leave `http2` out',
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host name",
}

/** How a TLS handshake ends that the other side does not take part in. */
const NO_HANDSHAKE = new Set(['ECONNRESET', 'EPIPE', 'EPROTO', 'UND_ERR_CONNECT_TIMEOUT'])

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
])

/**
 * Sorts an error of the transport.
 * @param wholeBody whether the body was to be one document, which an early end cuts short, rather than a stream
 */
export function transportFailure(error: Error, phase: Phase, wholeBody: boolean): Failure {
  if (error instanceof WireError) return { kind: error.kind, message: error.message }
  const code = codeOf(error)
  if (phase === 'handshake' && NO_HANDSHAKE.has(code)) {
    return { kind: 'connect', message: `TLS failed: the server may speak plain http on this port (${code})` }
  }
  if (phase === 'connecting' || phase === 'handshake') return { kind: 'connect', message: connectMessage(error) }
  if (error.name === 'HTTPParserError' && !isEarlyEnd(error)) {
    return { kind: 'protocol', message: `the answer is not HTTP/1.1 (${code})` }
  }
  if (isUnasked(error)) return { kind: 'protocol', message: `the server sent what was not asked for (${error.message})` }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return { kind: 'protocol', message: "the answer's headers are too large" }
  if (phase === 'waiting') return { kind: 'reset', message: `the server closed the connection without an answer (${code})` }
  const ended = code === 'EOF' || code === 'UND_ERR_SOCKET' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || isEarlyEnd(error)
  if (wholeBody && ended) return { kind: 'truncated', message: 'the answer ended before its whole body had come' }
  return { kind: 'reset', message: `the server closed the connection in the middle of the answer (${code})` }
}

/** Whether undici's parser met the end of the connection in mid-answer; of its errors' codes undici 8 hands on none, only the reason. */
function isEarlyEnd(error: Error): boolean {
  return error.name === 'HTTPParserError' && error.message.includes('Invalid EOF state')
}

const CLOSED_BY_PEER = new Set(['EOF', 'UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** Whether an error of the transport is the other side's having closed the connection. */
export function closedByPeer(error: Error): boolean {
  return CLOSED_BY_PEER.has(codeOf(error)) && !isUnasked(error)
}

/** Whether undici closed the connection for a `bad response` (out of turn, or 100 Continue) or a `bad upgrade`. */
function isUnasked(error: Error): boolean {
  return codeOf(error) === 'UND_ERR_SOCKET' && error.message.startsWith('bad ')
}

/** Why no connection came about. */
export function connectMessage(error: Error): string {
  const code = codeOf(error)
  if (UNTRUSTED.has(code)) {
    return `the server's certificate is not trusted (${code}): name the file of its CA in \`ca\``
  }
  const cause = CONNECT_CAUSES[code]
  return cause === undefined ? `no connection: ${firstLine(messageOf(error))}` : `${cause} (${code})`
}

function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  if (typeof code === 'string') return code
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException | undefined) : undefined
  return typeof first?.code === 'string' ? first.code : error.name
}

/** What a body in place of the expected answer says, in at most 200 characters; '' where it says nothing. */
export function messageOfBody(body: string): string {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return cut(isHTML(body) ? titleOf(body) : body)
  }
  return cut(errorMessageOf(parsed) ?? body)
}

/** The message in an error object as OpenAI, FastAPI, FastDeploy, TGI or llama.cpp write it; absent where there is none. */
export function errorMessageOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (!isRecord(value)) return undefined
  for (const key of ['error', 'message', 'detail', 'msg'] as const) {
    const inner: unknown = Array.isArray(value[key]) ? (value[key] as unknown[])[0] : value[key]
    const message = inner === value ? undefined : errorMessageOf(inner)
    if (message !== undefined && message !== '') return message
  }
  return undefined
}

/** Whether a text looks like an HTML page. */
export function isHTML(text: string): boolean {
  return /^\s*<(?:!doctype html|html|head|body)\b/i.test(text)
}

function titleOf(html: string): string {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(html)?.[1]?.trim()
  return title === undefined || title === '' ? 'an HTML page' : `an HTML page, "${title}"`
}

/** A text on one line, of at most 200 characters, none of which a terminal or XML would stumble over. */
export function cut(text: string): string {
  // What is looked at is bounded, for a body may be large.
  const line = text
    .slice(0, 4096)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  return (line.length > 200 ? `${line.slice(0, 199).replace(/[\ud800-\udbff]$/, '')}…` : line).toWellFormed()
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function firstLine(text: string): string {
  return cut(text.split('\n', 1)[0]!)
}

import type { StatusObject } from '@grpc/grpc-js'
import { status as codes } from '@grpc/grpc-js'
import type { Failure } from '../failure.ts'
import { cut, transportFailure } from '../failure.ts'
import { LARGEST_MESSAGE } from './connection.ts'

/** What the library itself says where a stream or its connection broke. */
const BROKEN = /^(?:Received RST_STREAM with code|Connection dropped$|Stream refused by server$|Call cancelled$|Write (?:error|failed))/
const TOO_LARGE = /^Received message larger than max/
const HTTP_STATUS = /^Received HTTP status code (\d+)/
const SYSTEM_ERROR = /\b(E[A-Z]{4,})\b/
/** Codes of errors of which the library hands on the words only. */
const TLS_ERRORS: readonly (readonly [words: RegExp, code: string])[] = [
  [/self-signed certificate in certificate chain/, 'SELF_SIGNED_CERT_IN_CHAIN'],
  [/self-signed certificate/, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [/unable to verify the first certificate/, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [/unable to get (?:local )?issuer certificate/, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  [/certificate has expired/, 'CERT_HAS_EXPIRED'],
  [/does not match certificate's altnames/, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [/wrong version number|packet length too long/, 'ERR_SSL_WRONG_VERSION_NUMBER'],
]

/**
 * Sorts the status that a call ended with; undefined where all is well.
 * @param isLost whether the connection is gone
 * @param answered whether a message had come
 */
export function statusFailure({ code, details }: StatusObject, isLost: boolean, answered: boolean): Failure | undefined {
  if (code === codes.OK) return undefined
  if (TOO_LARGE.test(details)) {
    return { kind: 'protocol', message: `a message of the stream is larger than ${LARGEST_MESSAGE / 1024 / 1024} MiB` }
  }
  const http = HTTP_STATUS.exec(details)
  if (http !== null) return { kind: 'http', message: `HTTP ${http[1]} where gRPC was expected` }
  if (isLost || BROKEN.test(details)) {
    const stage = answered ? 'in the middle of the answer' : 'without an answer'
    return { kind: 'reset', message: `the server broke the stream off ${stage} (${cut(details)})` }
  }
  const kind = code === codes.DEADLINE_EXCEEDED ? 'timeout' : code === codes.UNIMPLEMENTED ? 'protocol' : 'server'
  return { kind, message: statusText(code, details) }
}

/** A status in words: `gRPC status UNAVAILABLE: …`. */
export function statusText(code: number, details: string): string {
  return `gRPC status ${codes[code] ?? code}${details === '' ? '' : `: ${cut(details)}`}`
}

/** Why no connection came about, from what the library says in place of an answer. */
export function connectFailure(details: string): Failure {
  const last = /Last error: (.*?)(?:\. Resolution note:.*)?$/s.exec(details)?.[1] ?? details
  const code = TLS_ERRORS.find(([words]) => words.test(last))?.[1] ?? SYSTEM_ERROR.exec(last)?.[1]
  return transportFailure(Object.assign(new Error(last), code === undefined ? {} : { code }), 'connecting', false)
}

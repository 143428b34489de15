import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { SecureContext } from 'node:tls'
import { createSecureContext, getCACertificates } from 'node:tls'
import type { ConnectionSpec } from '../../dsl/connection.ts'
import { redactAt } from '../../dsl/redact.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'
import { parseAddress } from './address.ts'

/** An HTTP proxy on the way to a server. */
export interface Proxy {
  readonly host: string
  readonly port: number
  /** `Basic …` of its URL's user name and password; absent where it has none. */
  readonly authorization?: string | undefined
  /** For people: without secrets. */
  readonly shown: string
}

/** The way from here to a target's servers. */
export interface Route {
  readonly socketPath?: string | undefined
  readonly proxy?: Proxy | undefined
  readonly http2: boolean
  readonly secureContext?: SecureContext | undefined
  readonly rejectUnauthorized: boolean
  /** What must not show up in a message. */
  readonly secrets: readonly string[]
}

/** Straight to the URL's host. */
export const DIRECT: Route = { http2: false, rejectUnauthorized: true, secrets: [] }

/**
 * The way that a target's options describe. Certificates are read once, for all of its connections.
 * @param call the call they were given to, for messages
 * @param root folder that relative paths resolve against
 * @throws {LlmBenchError} `INVALID_OPTION` where a file can't be read, or holds no certificate or no fitting key
 */
export function routeOf(spec: ConnectionSpec, call: string, root: string): Route {
  const proxy = spec.proxy === undefined ? undefined : proxyOf(spec.proxy)
  return {
    socketPath: spec.socketPath === undefined ? undefined : resolve(root, spec.socketPath),
    proxy,
    http2: spec.http2 ?? false,
    secureContext: secureContextOf(spec, call, root),
    rejectUnauthorized: spec.rejectUnauthorized ?? true,
    secrets: spec.proxy === undefined ? [] : parseAddress(spec.proxy).secrets,
  }
}

/** A URL's host name as sockets take it. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

function proxyOf(text: string): Proxy {
  const url = new URL(text)
  const { authorization, shown } = parseAddress(text)
  return { host: hostOf(url), port: Number(url.port || 80), authorization, shown: shown.replace(/\/$/, '') }
}

function secureContextOf({ ca, cert, key }: ConnectionSpec, call: string, root: string): SecureContext | undefined {
  if (ca === undefined && cert === undefined) return undefined
  const read = (name: 'ca' | 'cert' | 'key', path: string): string => {
    const fail = (message: string): LlmBenchError =>
      new LlmBenchError('INVALID_OPTION', `${call}: \`${name}\` is ${JSON.stringify(redactAt(name, path))}: ${message}`)
    let text: string
    try {
      text = readFileSync(resolve(root, path), 'utf8')
    } catch (error) {
      throw fail(`the file can't be read (${(error as NodeJS.ErrnoException).code})`)
    }
    // Anything else in the place of a certificate would be passed over in silence.
    const what = name === 'key' ? 'PRIVATE KEY' : 'CERTIFICATE'
    if (!text.includes(`${what}-----`)) throw fail(`the file holds no ${what.toLowerCase()} in PEM form (-----BEGIN ${what}-----)`)
    return text
  }
  const trusted = ca === undefined ? undefined : [...getCACertificates('default'), read('ca', ca)]
  const pair = cert === undefined ? {} : { cert: read('cert', cert), key: read('key', key!) }
  try {
    return createSecureContext({ ...(trusted === undefined ? {} : { ca: trusted }), ...pair })
  } catch (error) {
    const names = cert === undefined ? '`ca`' : '`cert` and `key`'
    throw new LlmBenchError('INVALID_OPTION', `${call}: TLS does not take the files of ${names}: ${messageOf(error)}`)
  }
}

import { z } from 'zod'
import { boolean, nonEmptyString } from './options.ts'

/** How TLS to a live server is made, as plain data; what is left out is as usual. */
interface TlsSpec {
  /** Path of a PEM file with CA certificates that are trusted beside the usual ones. */
  readonly ca?: string | undefined
  /** Paths of PEM files with the certificate, and its private key, that the client shows. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** `false`: take the server's certificate unseen. */
  readonly rejectUnauthorized?: boolean | undefined
}

/** How connections to a live server are made, as plain data; what is left out is as usual: straight to the URL's host. */
export interface ConnectionSpec extends TlsSpec {
  /** A Unix domain socket that the server listens on, in place of the URL's host and port. */
  readonly socketPath?: string | undefined
  /** URL of the HTTP proxy on the way, with its user and password where it wants them. */
  readonly proxy?: string | undefined
  /** HTTP/2, agreed on in the TLS handshake. */
  readonly http2?: boolean | undefined
}

const PROXY = 'expected an http:// URL with no path, such as http://user:password@host:3128'

/** The options of every target that is reached over TLS; {@link connectionFits} checks them against its URLs. */
export const tlsFields = {
  ca: nonEmptyString.optional(),
  cert: nonEmptyString.optional(),
  key: nonEmptyString.optional(),
  rejectUnauthorized: boolean.optional(),
}

/** The options of every target that is reached over HTTP; {@link connectionFits} checks them against its URLs. */
export const connectionFields = {
  socketPath: nonEmptyString.optional(),
  proxy: z.string({ error: PROXY }).trim().refine(isProxy, { error: PROXY }).optional(),
  http2: boolean.optional(),
  ...tlsFields,
}

function isProxy(value: string): boolean {
  return /^http:\/\//i.test(value) && URL.canParse(value) && new URL(value).pathname === '/' && new URL(value).search === ''
}

type Fields = ConnectionSpec & { readonly baseURL?: string | undefined; readonly baseURLs?: readonly string[] | undefined }

/** Refuses what does not go together, and what would be without effect. */
export function connectionFits(options: Fields, context: z.core.$RefinementCtx): void {
  const problem = (name: keyof ConnectionSpec, message: string): void => {
    context.addIssue({ code: 'custom', path: [name], message, input: options[name] })
  }
  const urls = options.baseURLs ?? (options.baseURL === undefined ? [] : [options.baseURL])
  const secure = urls.filter((url) => /^(?:https|grpcs):/i.test(url)).length
  const scheme = urls.some((url) => /^grpc/i.test(url)) ? 'grpcs' : 'https'
  if (options.proxy !== undefined && options.socketPath !== undefined) problem('proxy', 'expected at most one of `proxy` and `socketPath`')
  if ((options.cert === undefined) !== (options.key === undefined)) {
    problem(options.cert === undefined ? 'cert' : 'key', 'expected both of `cert` and `key`, or neither')
  }
  if (options.http2 === true && secure < urls.length) {
    problem('http2', 'needs https:// URLs, for HTTP/2 is agreed on in the TLS handshake; leave it out for plain http')
  }
  for (const name of ['ca', 'cert', 'rejectUnauthorized'] as const) {
    if (options[name] !== undefined && urls.length > 0 && secure === 0) problem(name, `applies to ${scheme}:// URLs only`)
  }
}

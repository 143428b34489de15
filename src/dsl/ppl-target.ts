import { z } from 'zod'
import { tlsFields } from './connection.ts'
import type { HttpTargetSpec } from './http-target.ts'
import { parseHttpTarget } from './http-target.ts'
import { nonEmptyString, positiveSeconds } from './options.ts'
import { withAnyPort } from './ports.ts'

/** A ppl.llm.serving server, reached by gRPC: its URLs are `grpc://host:port`, or `grpcs://host:port` for TLS. */
export interface PplTargetSpec extends Omit<HttpTargetSpec, 'extraBody' | 'socketPath' | 'proxy' | 'http2'> {
  readonly kind: 'ppl'
  /** Which form of the messages the server speaks. */
  readonly wire: 'current' | 'legacy'
}

const ADDRESS = 'expected "host:port", "grpc://host:port", or "grpcs://host:port" for TLS'
const address = z
  .string({ error: ADDRESS })
  .trim()
  .transform((value) => (/^[a-z]+:\/\//i.test(value) ? value : `grpc://${value}`))
  .refine(isAddress, { error: ADDRESS })

function isAddress(text: string): boolean {
  const value = withAnyPort(text)
  if (!URL.canParse(value)) return false
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(value)
  if (protocol !== 'grpc:' && protocol !== 'grpcs:') return false
  return hostname !== '' && port !== '' && /^\/?$/.test(pathname) && search + hash + username + password === ''
}

const pplOptions = z.strictObject({
  baseURL: address.optional(),
  baseURLs: z.array(address).min(1, { error: 'expected at least one address' }).optional(),
  wire: z.enum(['current', 'legacy'], { error: "expected 'current' or 'legacy'" }).default('current'),
  model: nonEmptyString.optional(),
  apiKey: nonEmptyString.optional(),
  apiKeys: z.array(nonEmptyString).min(1, { error: 'expected at least one key' }).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  timeout: positiveSeconds.default(600),
  idleTimeout: positiveSeconds.default(120),
  tokenizer: nonEmptyString.optional(),
  ...tlsFields,
})

/**
 * A ppl.llm.serving server, through the optional peers `@grpc/grpc-js` and `protobufjs`.
 * @param options.baseURL `host:port`, `grpc://host:port`, or `grpcs://host:port` for TLS; several (`baseURLs`) take the
 *   requests in turn
 * @param options.wire `'current'` (default), or `'legacy'` for the older public server, whose messages are other ones
 * @param options.model for reports, since the server can't tell it
 * @param options.apiKey sent as a bearer token; several (`apiKeys`) are used in turn. Take it from the environment.
 * @param options.headers gRPC metadata of each call
 * @param options.timeout seconds for a whole request (default: 600)
 * @param options.idleTimeout seconds without a message, from the answer's first on, until a request is given up (default: 120)
 * @param options.tokenizer path of a `tokenizer.json`, for prompts and for texts that come without their tokens' ids
 * @param options.ca path of a PEM file with CA certificates to trust beside the usual ones
 * @param options.cert path of a PEM file with the client's certificate; `key` is the path of its private key
 * @param options.rejectUnauthorized `false` takes any certificate of the server's (default: true)
 * @example ppl({ baseURL: '127.0.0.1:23333', model: 'llama-7b' })
 */
export function ppl(options: z.input<typeof pplOptions>): PplTargetSpec {
  return { kind: 'ppl', ...parseHttpTarget(pplOptions, options, 'ppl()') }
}

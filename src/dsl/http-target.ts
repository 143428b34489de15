import { z } from 'zod'
import type { ConnectionSpec } from './connection.ts'
import { connectionFields, connectionFits } from './connection.ts'
import { boolean, nonEmptyString, parseOptions, positiveSeconds } from './options.ts'
import { withAnyPort } from './ports.ts'

/** What every target that is reached over HTTP has, as plain data. */
export interface HttpTargetSpec extends ConnectionSpec {
  /** Take the requests in turn. */
  readonly baseURLs: readonly string[]
  readonly model?: string | undefined
  /** Used in turn, as bearer tokens. */
  readonly apiKeys: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  /** Laid over each request's JSON body. */
  readonly extraBody: Readonly<Record<string, unknown>>
  /** Seconds a whole request may take. */
  readonly timeout: number
  /** Seconds without a byte after which a stream is given up, from the first byte of its body on. */
  readonly idleTimeout: number
  /** Whether the server profiles itself during the load. */
  readonly profile?: boolean | undefined
  /** A `tokenizer.json` for what the server does not count itself. */
  readonly tokenizer?: string | undefined
}

const HTTP_URL = 'expected an http:// or https:// URL'

/** Where a URL of an endpoint is taken for a base URL. */
export interface BaseURLRule {
  /** Ends of paths that are not a base's. */
  readonly endpoints: RegExp
  /** Where the base ends: `'at /v1'`. */
  readonly ends: string
}

/** Options that every target over HTTP takes, for its schema. */
export function httpTargetFields({ endpoints, ends }: BaseURLRule) {
  const httpURL = z
    .string({ error: HTTP_URL })
    .trim()
    .refine((value) => /^https?:\/\//i.test(value) && URL.canParse(withAnyPort(value)), { error: HTTP_URL, abort: true })
    .refine((value) => !endpoints.test(new URL(withAnyPort(value)).pathname.replace(/\/+$/, '')), { error: `the base URL ends ${ends}` })
  return {
    baseURL: httpURL.optional(),
    baseURLs: z.array(httpURL).min(1, { error: 'expected at least one URL' }).optional(),
    model: nonEmptyString.optional(),
    apiKey: nonEmptyString.optional(),
    apiKeys: z.array(nonEmptyString).min(1, { error: 'expected at least one key' }).optional(),
    headers: z.record(z.string(), z.string()).default({}),
    extraBody: z.record(z.string(), z.unknown()).default({}),
    timeout: positiveSeconds.default(600),
    idleTimeout: positiveSeconds.default(120),
    tokenizer: nonEmptyString.optional(),
    ...connectionFields,
  }
}

interface Addressed extends ConnectionSpec {
  readonly baseURL?: string | undefined
  readonly baseURLs?: string[] | undefined
  readonly apiKey?: string | undefined
  readonly apiKeys?: string[] | undefined
}

/**
 * Checks the options of a target over HTTP, and makes lists of its URLs and keys.
 * @param schema has the {@link httpTargetFields}
 * @param call the call they were given to, for messages
 * @param needsURL whether there is no such target without a URL
 * @throws {LlmBenchError} `INVALID_OPTION`
 */
export function parseHttpTarget<Schema extends z.ZodType<Addressed>>(schema: Schema, options: unknown, call: string, needsURL = true) {
  const count = needsURL ? 'exactly' : 'at most'
  const addressed = schema
    .refine(({ baseURL, baseURLs }) => (baseURL === undefined ? !needsURL || baseURLs !== undefined : baseURLs === undefined), {
      error: `expected ${count} one of \`baseURL\` and \`baseURLs\``,
    })
    .refine(({ apiKey, apiKeys }) => apiKey === undefined || apiKeys === undefined, {
      error: 'expected at most one of `apiKey` and `apiKeys`',
    })
    .superRefine(connectionFits)
  const { baseURL, baseURLs, apiKey, apiKeys, ...rest } = parseOptions(addressed, options, call)
  return { baseURLs: baseURLs ?? listOf(baseURL), apiKeys: apiKeys ?? listOf(apiKey), ...rest }
}

function listOf(value: string | undefined): string[] {
  return value === undefined ? [] : [value]
}

/** Option of the targets whose servers may have a profiler of their own. */
export const profileField = boolean.optional()

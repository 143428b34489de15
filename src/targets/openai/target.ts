import type { OpenAITargetSpec } from '../../dsl/targets.ts'
import { redact } from '../../dsl/redact.ts'
import { AnswerBuilder } from '../answer.ts'
import type { Answer, GenerateRequest, Target, TargetContext, TargetInfo } from '../target.ts'
import type { Address } from '../wire/address.ts'
import { parseAddress } from '../wire/address.ts'
import type { Failure } from '../wire/failure.ts'
import { WireError } from '../wire/failure.ts'
import { headerList } from '../wire/headers.ts'
import { HttpClient, unkeptNotes } from '../wire/http.ts'
import { scrubber } from '../wire/secrets.ts'
import { probe } from './probe.ts'
import type { AnswerReader } from './readers.ts'
import { DocumentReader, StreamReader } from './readers.ts'
import { requestBody } from './request.ts'

/**
 * A live server with the OpenAI API.
 * @throws {LlmBenchError} `INVALID_OPTION` for a header or a key that HTTP can't carry
 */
export function createOpenAITarget(spec: OpenAITargetSpec, context: TargetContext): Target {
  return new OpenAITarget(spec, context)
}

class OpenAITarget implements Target {
  readonly #spec: OpenAITargetSpec
  readonly #context: TargetContext
  readonly #http: HttpClient
  readonly #addresses: readonly Address[]
  /** Headers of a request to address a with key k: `[a][k]`. */
  readonly #headers: readonly (readonly string[])[][]
  readonly #scrub: (text: string) => string
  readonly #keys: number
  /** Whether the server at an address counted the tokens of its last answer, so that texts of further ones can go at once. */
  readonly #counts: boolean[]
  #model: string | undefined
  #nextAddress = 0
  #nextKey = 0

  constructor(spec: OpenAITargetSpec, context: TargetContext) {
    this.#spec = spec
    this.#context = context
    this.#model = spec.model
    const { clock, transport } = context
    this.#http = new HttpClient({ clock, timeout: spec.timeout, idleTimeout: spec.idleTimeout, transport })
    this.#addresses = spec.baseURLs.map(openAIAddress)
    this.#counts = this.#addresses.map(() => false)
    this.#keys = Math.max(1, spec.apiKeys.length)
    this.#headers = this.#addresses.map(({ authorization }) =>
      Array.from({ length: this.#keys }, (_, k) => headersOf(spec, spec.apiKeys[k], authorization)),
    )
    this.#scrub = scrubber([...this.#addresses.flatMap(({ secrets }) => secrets), ...spec.apiKeys, ...secretHeaders(spec)])
  }

  async prepare(signal: AbortSignal): Promise<TargetInfo> {
    // As requests will pair them, so that a key that is for one URL only is tried there.
    const doors = Array.from({ length: Math.max(this.#addresses.length, this.#keys) }, (_, i) => ({
      address: this.#addresses[i % this.#addresses.length]!,
      headers: this.#headers[i % this.#addresses.length]![i % this.#keys]!,
    }))
    const info = await probe(this.#http, doors, this.#spec, this.#scrub, signal)
    this.#model = info.model
    return info
  }

  async send(request: GenerateRequest, signal: AbortSignal): Promise<Answer> {
    const a = this.#nextAddress++ % this.#addresses.length
    const k = this.#nextKey++ % this.#keys
    const address = this.#addresses[a]!
    const answer = new AnswerBuilder(request.n, request.stream, request.keepText || !this.#counts[a])
    const reader = request.stream
      ? new StreamReader(answer, this.#context.onTokens, request.n)
      : new DocumentReader(answer, this.#context.onTokens)
    const exchange = await this.#http.exchange(
      {
        method: 'POST',
        origin: address.origin,
        path: `${address.path}/${this.#spec.endpoint === 'chat' ? 'chat/completions' : 'completions'}${address.query}`,
        headers: this.#headers[a]![k]!,
        body: requestBody(this.#spec, this.#model, request),
      },
      reader,
      signal,
    )
    const failure = exchange.failure ?? endOf(reader)
    const built = answer.build({ ...exchange, failure }, address.shown, request.keepText)
    if (built.error === undefined) {
      this.#counts[a] = (built.usage?.outputTokens ?? 0) > 0
      return built
    }
    return { ...built, error: { kind: built.error.kind, message: this.#scrub(built.error.message) } }
  }

  get notes(): readonly string[] {
    return unkeptNotes(this.#http.unkept)
  }

  close(): Promise<void> {
    return this.#http.close()
  }
}

function endOf(reader: AnswerReader): Failure | undefined {
  try {
    reader.end()
    return undefined
  } catch (error) {
    if (error instanceof WireError) return { kind: error.kind, message: error.message }
    throw error
  }
}

/** With or without `/v1`. */
function openAIAddress(baseURL: string): Address {
  const address = parseAddress(baseURL)
  return { ...address, path: /\/v\d[^/]*$/.test(address.path) ? address.path : `${address.path}/v1` }
}

function headersOf(spec: OpenAITargetSpec, key: string | undefined, authorization: string | undefined): string[] {
  const credentials = key === undefined ? authorization : `Bearer ${key}`
  return headerList(
    'openai()',
    { accept: 'application/json, text/event-stream', 'content-type': 'application/json', 'user-agent': 'vitest-llm-bench' },
    credentials === undefined ? {} : { authorization: credentials },
    spec.headers,
  )
}

function secretHeaders(spec: OpenAITargetSpec): string[] {
  return Object.entries(redact({ ...spec.headers })).flatMap(([name, shown]) =>
    shown === '***' ? [spec.headers[name]!, spec.headers[name]!.replace(/^\w+ /, '')] : [],
  )
}

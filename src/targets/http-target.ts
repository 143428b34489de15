import type { HttpTargetSpec } from '../dsl/http-target.ts'
import type { CountedTokens } from '../metrics/record.ts'
import { messageOf } from '../errors.ts'
import { AnswerBuilder } from './answer.ts'
import { ChunkShapes } from './chunk-shapes.ts'
import type { HttpProtocol, ProtocolRequest } from './http-protocol.ts'
import { ASIDE_TIMEOUT, getDocument, Probe } from './probe.ts'
import type { Door } from './probe.ts'
import { HttpProfiler } from './profiler.ts'
import type { Profiler } from './profiler.ts'
import type { AnswerReader } from './readers.ts'
import { DocumentReader, StreamReader } from './readers.ts'
import { startStandIn } from './stand-in.ts'
import type { StandIn } from './stand-in.ts'
import type { Answer, GenerateRequest, LackingTarget, RequestOption, StoodIn, Target, TargetContext, TargetInfo } from './target.ts'
import { countedTokens, sumOfCounted } from './token-counters.ts'
import type { Address } from './wire/address.ts'
import { parseAddress } from './wire/address.ts'
import type { Failure } from './wire/failure.ts'
import { isRecord, WireError } from './wire/failure.ts'
import { headerList } from './wire/headers.ts'
import { HttpClient, unkeptNotes } from './wire/http.ts'
import { routeOf } from './wire/route.ts'
import { scrubber, secretsIn } from './wire/secrets.ts'

/**
 * Makes targets that speak a protocol: addresses and keys in turn, headers, connections, times, secrets and failures are the
 * same for all of them.
 * @returns a function that makes one of them; it throws `INVALID_OPTION` for a header or a key that HTTP can't carry, or a
 *   certificate's file that can't be read
 */
export function httpTarget<Spec extends HttpTargetSpec>(protocol: HttpProtocol<Spec>): (spec: Spec, context: TargetContext) => Target {
  return (spec, context) => new HttpTarget(protocol, spec, context)
}

class HttpTarget<Spec extends HttpTargetSpec> implements Target {
  readonly profiler: Profiler | undefined
  readonly #protocol: HttpProtocol<Spec>
  readonly #spec: Spec
  readonly #context: TargetContext
  readonly #http: HttpClient
  readonly #addresses: readonly Address[]
  readonly #shapes: ChunkShapes
  /** Headers of a request to address a with key k: `[a][k]`. */
  readonly #headers: readonly (readonly string[])[][]
  readonly #scrub: (text: string) => string
  readonly #keys: number
  /** Whether the server at an address counted the tokens of its last answer, so that texts of further ones can go at once. */
  readonly #counts: boolean[]
  readonly #server: StandIn | undefined
  readonly lacks: LackingTarget
  #model: string | undefined
  #nextAddress = 0
  #nextKey = 0

  /** @param server what it sends to, where that is to be closed with it */
  constructor(protocol: HttpProtocol<Spec>, spec: Spec, context: TargetContext, server?: StandIn) {
    this.#server = server
    this.#protocol = protocol
    this.#spec = spec
    this.#context = context
    this.lacks = { call: protocol.call, options: protocol.lacks ?? [] }
    this.#model = spec.model
    const { clock, transport } = context
    const route = routeOf(spec, protocol.call, context.root ?? process.cwd())
    this.#http = new HttpClient({ clock, timeout: spec.timeout, idleTimeout: spec.idleTimeout, transport, route })
    this.#addresses = spec.baseURLs.map((baseURL) => {
      const address = parseAddress(baseURL)
      return { ...address, path: protocol.basePath?.(address.path) ?? address.path }
    })
    this.#shapes = new ChunkShapes(protocol)
    this.#counts = this.#addresses.map(() => false)
    this.#keys = Math.max(1, spec.apiKeys.length)
    this.#headers = this.#addresses.map(({ authorization }) =>
      Array.from({ length: this.#keys }, (_, k) => headersOf(protocol.call, spec, spec.apiKeys[k], authorization)),
    )
    this.#scrub = scrubber([
      ...this.#addresses.flatMap(({ secrets }) => secrets),
      ...route.secrets,
      ...spec.apiKeys,
      ...secretsIn(spec.headers),
    ])
    this.profiler =
      spec.profile === true
        ? new HttpProfiler(
            this.#http,
            this.#addresses.map((_, i) => this.#door(i)),
            this.#scrub,
          )
        : undefined
  }

  async prepare(signal: AbortSignal): Promise<TargetInfo> {
    const others = Array.from({ length: Math.max(this.#addresses.length, this.#keys) - 1 }, (_, i) => this.#door(i + 1))
    const probe = new Probe(this.#spec, [this.#door(0), ...others], {
      http: this.#http,
      call: this.#protocol.call,
      scrub: this.#scrub,
      signal,
    })
    const info = await this.#protocol.probe(probe)
    this.#model = info.model
    return info
  }

  async openAhead(connections: number, signal: AbortSignal): Promise<number> {
    const count = this.#addresses.length
    const opened = await Promise.all(
      this.#addresses.map(({ origin }, i) => this.#http.openAhead(origin, Math.ceil((connections - i) / count), signal)),
    )
    return opened.reduce((sum, open) => sum + open, 0)
  }

  async standIn(onTokens: TargetContext['onTokens']): Promise<StoodIn> {
    const server = await startStandIn(this.#protocol.sampleAnswer)
    try {
      const spec: Spec = {
        ...this.#spec,
        ...STOOD_IN,
        model: this.#model,
        baseURLs: [server.url],
        apiKeys: this.#spec.apiKeys.map(() => 'none'),
      }
      const transport = this.#addresses[0]!.origin.startsWith('https:') ? 'undici' : this.#context.transport
      const target = new HttpTarget(this.#protocol, spec, { ...this.#context, transport, onTokens }, server)
      return { target, isReachedAlike: this.#spec.http2 !== true }
    } catch (error) {
      server.close()
      throw error
    }
  }

  async countedTokens(signal: AbortSignal): Promise<CountedTokens | undefined> {
    const all = await Promise.all(
      this.#addresses.map(async (address, a) => {
        // Beside the API's own path, where a server has its metrics.
        const path = `${address.path.replace(/\/v\d[^/]*$/, '')}/metrics`
        const { text } = await getDocument(this.#http, { address, headers: this.#headers[a]![0]! }, path, ASIDE_TIMEOUT, signal)
        return text === undefined ? undefined : countedTokens(text)
      }),
    )
    return sumOfCounted(all)
  }

  async send(request: GenerateRequest, signal: AbortSignal): Promise<Answer> {
    const a = this.#nextAddress++ % this.#addresses.length
    const k = this.#nextKey++ % this.#keys
    const address = this.#addresses[a]!
    const answer = new AnswerBuilder(request.n, request.stream, request.keepText || !this.#counts[a], this.#protocol.tellsFinish)
    const reader = this.#readerOf(request, answer)
    let asked: ProtocolRequest
    try {
      asked = this.#protocol.request(without(request, this.lacks.options), this.#spec, this.#model)
    } catch (error) {
      const failure: Failure = { kind: 'protocol', message: this.#scrub(`the request could not be made: ${messageOf(error)}`) }
      return answer.build({ endNs: this.#context.clock.now(), failure }, address.shown, false)
    }
    const exchange = await this.#http.exchange(
      {
        method: 'POST',
        origin: address.origin,
        path: address.path + asked.path + address.query,
        headers: this.#headers[a]![k]!,
        body: JSON.stringify(overlaid(asked.body, this.#spec.extraBody)),
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

  async close(): Promise<void> {
    try {
      await this.#http.close()
    } finally {
      this.#server?.close()
    }
  }

  /** A URL and a key as requests will pair them, so that a key that is for one URL only is tried there. */
  #door(i: number): Door {
    const a = i % this.#addresses.length
    return { address: this.#addresses[a]!, headers: this.#headers[a]![i % this.#keys]! }
  }

  #readerOf({ stream }: GenerateRequest, answer: AnswerBuilder): AnswerReader {
    const { decode, decodeWhole = decode } = this.#protocol
    const { onTokens } = this.#context
    return stream ? new StreamReader(this.#protocol, this.#shapes, answer, onTokens) : new DocumentReader(decodeWhole, answer, onTokens)
  }
}

/** Of a target whose server is stood in for: nothing secret goes there, and nothing stands in between. */
const STOOD_IN = {
  headers: {},
  timeout: 5,
  idleTimeout: 5,
  socketPath: undefined,
  proxy: undefined,
  http2: undefined,
  ca: undefined,
  cert: undefined,
  key: undefined,
} satisfies Partial<HttpTargetSpec>

/** A request without some of its options: those that are asked for by nobody's wish, such as the length of a dataset's answer. */
function without(request: GenerateRequest, options: readonly RequestOption[]): GenerateRequest {
  if (options.length === 0) return request
  const asked: { -readonly [Option in keyof GenerateRequest]: GenerateRequest[Option] } = { ...request }
  for (const option of options) {
    if (option === 'n') asked.n = 1
    else asked[option] = undefined
  }
  return asked
}

/** An object with another laid over it: what that one holds wins, and objects within objects are laid over one another too. */
function overlaid(under: Readonly<Record<string, unknown>>, over: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged = { ...under }
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name]
    merged[name] = isRecord(below) && isRecord(value) ? overlaid(below, value) : value
  }
  return merged
}

function endOf(reader: AnswerReader): Failure | undefined {
  try {
    reader.end()
    return undefined
  } catch (error) {
    if (error instanceof WireError) return { kind: error.kind, message: error.message }
    return { kind: 'protocol', message: `the answer could not be read: ${messageOf(error)}` }
  }
}

function headersOf(call: string, spec: HttpTargetSpec, key: string | undefined, authorization: string | undefined): string[] {
  const credentials = key === undefined ? authorization : `Bearer ${key}`
  return headerList(
    call,
    { accept: 'application/json, text/event-stream', 'content-type': 'application/json', 'user-agent': 'vitest-llm-bench' },
    credentials === undefined ? {} : { authorization: credentials },
    spec.headers,
  )
}

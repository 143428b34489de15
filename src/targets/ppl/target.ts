import { randomInt } from 'node:crypto'
import { Metadata, status as codes } from '@grpc/grpc-js'
import type { PplTargetSpec } from '../../dsl/ppl-target.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'
import { AnswerBuilder } from '../answer.ts'
import type { StandIn } from '../stand-in.ts'
import type {
  Answer,
  Choice,
  GenerateRequest,
  LackingTarget,
  RequestOption,
  StoodIn,
  Target,
  TargetContext,
  TargetInfo,
} from '../target.ts'
import { routeOf } from '../wire/route.ts'
import { GrpcClient } from '../wire/grpc/client.ts'
import type { GrpcAddress } from '../wire/grpc/connection.ts'
import { statusText } from '../wire/grpc/status.ts'
import { scrubber, secretsIn } from '../wire/secrets.ts'
import { encodeRequests, GENERATION } from './messages.ts'
import { PplReader } from './reader.ts'
import { pplRequests } from './request.ts'
import { startStandIn } from './stand-in.ts'

/** Seconds that a server may take to say how it is. */
const PREPARE_TIMEOUT = 30
/** Statuses of a server that is well: not each one knows the health check. */
const WELL: ReadonlySet<number> = new Set([codes.OK, codes.UNIMPLEMENTED])
const REFUSED: ReadonlySet<number> = new Set([codes.UNAUTHENTICATED, codes.PERMISSION_DENIED])

/** What the messages of each form have no field for. */
const LACKING: Readonly<Record<PplTargetSpec['wire'], readonly RequestOption[]>> = {
  current: ['minTokens'],
  legacy: ['minTokens', 'topP', 'topK', 'seed'],
}

/** Of a target whose server is stood in for: nothing secret goes there. */
const STOOD_IN = {
  headers: {},
  timeout: 5,
  idleTimeout: 5,
  ca: undefined,
  cert: undefined,
  key: undefined,
} satisfies Partial<PplTargetSpec>

interface PplAddress extends GrpcAddress {
  readonly shown: string
}

/** A live ppl.llm.serving server. */
export class PplTarget implements Target {
  readonly lacks: LackingTarget
  readonly notes: readonly string[] = []
  readonly #spec: PplTargetSpec
  readonly #context: TargetContext
  readonly #grpc: GrpcClient
  readonly #addresses: readonly PplAddress[]
  /** Of a request with key k: `[k]`. */
  readonly #metadata: readonly Metadata[]
  readonly #scrub: (text: string) => string
  /** Whether the server at an address gave the ids of its last answer's tokens, so that texts of further ones can go at once. */
  readonly #counts: boolean[]
  readonly #server: StandIn | undefined
  #nextAddress = 0
  #nextKey = 0
  // Ids are unique in a run, though each of its load workers has a target of its own: they begin anywhere.
  #nextId = randomInt(1, 2 ** 48 - 1)

  /**
   * @param server what it sends to, where that is to be closed with it
   * @throws {LlmBenchError} `INVALID_OPTION` for metadata that gRPC can't carry, and files of TLS that can't be read
   */
  constructor(spec: PplTargetSpec, context: TargetContext, server?: StandIn) {
    this.#server = server
    this.lacks = { call: 'ppl()', options: LACKING[spec.wire] }
    this.#spec = spec
    this.#context = context
    const { timeout, idleTimeout } = spec
    const route = routeOf(spec, 'ppl()', context.root ?? process.cwd())
    this.#grpc = new GrpcClient({ clock: context.clock, timeout, idleTimeout, route })
    this.#addresses = spec.baseURLs.map((baseURL) => {
      const { host, protocol } = new URL(baseURL)
      return { host, tls: protocol === 'grpcs:', shown: baseURL }
    })
    this.#counts = this.#addresses.map(() => false)
    this.#metadata = spec.apiKeys.length === 0 ? [metadataOf(spec)] : spec.apiKeys.map((key) => metadataOf(spec, key))
    this.#scrub = scrubber([...spec.apiKeys, ...secretsIn(spec.headers)])
  }

  async prepare(signal: AbortSignal): Promise<TargetInfo> {
    // As requests will pair them, so that a key that is for one address only is tried there.
    const doors = Math.max(this.#addresses.length, this.#metadata.length)
    await Promise.all(Array.from({ length: doors }, (_, i) => this.#check(this.#address(i), this.#key(i), signal)))
    return { model: this.#spec.model }
  }

  async send(request: GenerateRequest, signal: AbortSignal): Promise<Answer> {
    const a = this.#nextAddress++ % this.#addresses.length
    const address = this.#address(a)
    const metadata = this.#key(this.#nextKey++)
    const firstId = this.#nextId
    this.#nextId += request.n
    const answer = new AnswerBuilder(request.n, true, request.keepText || !this.#counts[a])
    const reader = new PplReader(answer, { firstId, n: request.n }, this.#context.onTokens)
    const message = encodeRequests(pplRequests(request, firstId), this.#spec.wire)
    const exchange = await this.#grpc.exchange({ address, method: GENERATION, metadata, message }, reader, signal)
    reader.end()
    const streamed = answer.build(exchange, address.shown, request.keepText)
    const built = request.stream ? streamed : { ...streamed, choices: streamed.choices.map(withoutTimes) }
    if (built.error === undefined) {
      this.#counts[a] = built.usage !== undefined
      return built
    }
    return { ...built, error: { kind: built.error.kind, message: this.#scrub(built.error.message) } }
  }

  async openAhead(connections: number, signal: AbortSignal): Promise<number> {
    const count = this.#addresses.length
    const opened = await Promise.all(
      this.#addresses.map((address, i) => this.#grpc.openAhead(address, Math.ceil((connections - i) / count), signal)),
    )
    return opened.reduce((sum, open) => sum + open, 0)
  }

  async standIn(onTokens: TargetContext['onTokens']): Promise<StoodIn> {
    const server = await startStandIn(this.#spec.wire)
    try {
      const spec = { ...this.#spec, ...STOOD_IN, baseURLs: [server.url], apiKeys: this.#spec.apiKeys.map(() => 'none') }
      return { target: new PplTarget(spec, { ...this.#context, onTokens }, server), isReachedAlike: true }
    } catch (error) {
      server.close()
      throw error
    }
  }

  async close(): Promise<void> {
    this.#grpc.close()
    this.#server?.close()
  }

  #address(i: number): PplAddress {
    return this.#addresses[i % this.#addresses.length]!
  }

  #key(i: number): Metadata {
    return this.#metadata[i % this.#metadata.length]!
  }

  async #check(address: PplAddress, metadata: Metadata, signal: AbortSignal): Promise<void> {
    const health = await this.#grpc.health(address, metadata, Math.min(this.#spec.timeout, PREPARE_TIMEOUT), signal)
    if ('kind' in health) {
      if (health.kind === 'cancelled') throw new LlmBenchError('CANCELLED', health.message)
      throw new LlmBenchError('TARGET', `${address.shown} can't be reached: ${this.#scrub(health.message)}`)
    }
    const { code, details } = health.status
    const said = this.#scrub(statusText(code, details))
    if (REFUSED.has(code)) {
      throw new LlmBenchError('TARGET', `${address.shown} answered ${said}; check \`apiKey\` and \`headers\``)
    }
    if (!WELL.has(code)) throw new LlmBenchError('TARGET', `${address.shown} answered ${said}; is the server ready?`)
    if (code === codes.OK && health.reply !== undefined && !isServing(health.reply)) {
      throw new LlmBenchError('TARGET', `${address.shown} says that it is not serving yet (gRPC health check)`)
    }
  }
}

/** A choice as of an answer that was not streamed: the server streams all the same. */
function withoutTimes(choice: Choice): Choice {
  return { ...choice, firstTokenNs: undefined, firstAnswerNs: undefined, gapsMs: [] }
}

/** Whether a `HealthCheckResponse { status = 1 }` says SERVING (1); any other content is not ours to judge. */
function isServing(reply: Buffer): boolean {
  return reply[0] !== 0x08 || reply[1] === 1
}

function metadataOf({ headers }: PplTargetSpec, key?: string): Metadata {
  const metadata = new Metadata()
  const entries = { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers }
  for (const [name, value] of Object.entries(entries)) {
    try {
      metadata.set(name, value)
    } catch (error) {
      // The library's message may quote the value, which may be a secret.
      const reason = messageOf(error).replaceAll(value, '***')
      const what = name in headers ? `the header \`${name}\`` : 'the API key'
      throw new LlmBenchError('INVALID_OPTION', `ppl(): ${what} can't be sent by gRPC: ${reason}`)
    }
  }
  return metadata
}

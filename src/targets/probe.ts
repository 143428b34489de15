import type { HttpTargetSpec } from '../dsl/http-target.ts'
import { LlmBenchError } from '../errors.ts'
import type { Address } from './wire/address.ts'
import { WireError } from './wire/failure.ts'
import type { Exchange, HttpClient } from './wire/http.ts'

/** One URL with the headers of one key. */
export interface Door {
  readonly address: Address
  readonly headers: readonly string[]
}

/** What a server answered to a question. */
export interface JSONAnswer {
  readonly exchange: Exchange
  /** Absent where the request failed or the body is not JSON. */
  readonly body?: unknown
}

/** Seconds that a question may take. */
const TIMEOUT = 30
/** Seconds that a question of no consequence may take. */
export const ASIDE_TIMEOUT = 2
/** Bytes that an answer may have. */
const DOCUMENT_LIMIT = 4 * 1024 * 1024

/** What a probe asks with. */
export interface ProbeMeans {
  readonly http: HttpClient
  /** The call that made the target, for messages. */
  readonly call: string
  /** Takes secrets out of what a server says. */
  readonly scrub: (text: string) => string
  readonly signal: AbortSignal
}

/** Asks servers what they are, before the load. */
export class Probe<Spec extends HttpTargetSpec = HttpTargetSpec> {
  readonly spec: Spec
  /** Each URL, and each key, at least once, paired as requests will pair them. */
  readonly doors: readonly [Door, ...Door[]]
  readonly #http: HttpClient
  readonly #call: string
  readonly #scrub: (text: string) => string
  readonly #signal: AbortSignal

  constructor(spec: Spec, doors: readonly [Door, ...Door[]], means: ProbeMeans) {
    this.spec = spec
    this.doors = doors
    this.#http = means.http
    this.#call = means.call
    this.#scrub = means.scrub
    this.#signal = means.signal
  }

  /**
   * Asks what has to be answered.
   * @param path the whole path
   * @param whatItIsNot what to tell of a server that answers something else, given what it said
   * @returns undefined where the server has no such path
   * @throws {LlmBenchError} `TARGET` where the server can't be reached, refuses the key or is not ready; `CANCELLED`
   */
  async ask(door: Door, path: string, whatItIsNot?: (said: string) => string): Promise<JSONAnswer | undefined> {
    const answer = await this.reach(door, path)
    const { failure, status } = answer.exchange
    if (failure === undefined) return answer
    if (status === 404 || status === 405) return undefined
    const url = door.address.shown
    const said = this.#scrub(failure.message)
    if (failure.kind !== 'protocol') throw new LlmBenchError('TARGET', `${url} answered ${said}; is the server ready?`)
    const message = whatItIsNot?.(said) ?? `${url} is no server for ${this.#call}: ${path} answered ${said}`
    throw new LlmBenchError('TARGET', message)
  }

  /**
   * Asks what any answer will do for.
   * @throws {LlmBenchError} `TARGET` where the server can't be reached or refuses the key; `CANCELLED`
   */
  async reach(door: Door, path: string): Promise<JSONAnswer> {
    const answer = await this.#get(door, path, Math.min(this.spec.timeout, TIMEOUT))
    const { failure, status } = answer.exchange
    if (failure === undefined) return answer
    if (failure.kind === 'cancelled') throw new LlmBenchError('CANCELLED', failure.message)
    const url = door.address.shown
    const said = this.#scrub(failure.message)
    if (status === 401 || status === 403) {
      const key = this.spec.apiKeys.length === 0 ? 'it wants an API key: give' : 'the API key is not accepted: check'
      throw new LlmBenchError('TARGET', `${url} answered ${said}; ${key} \`apiKey\` (from the environment, say LLM_BENCH_API_KEY)`)
    }
    if (status === undefined) throw new LlmBenchError('TARGET', `${url} can't be reached: ${said}`)
    return answer
  }

  /** Asks what is good to know: never fails, nor waits for long. */
  askAside(door: Door, path: string): Promise<JSONAnswer> {
    return this.#get(door, path, ASIDE_TIMEOUT)
  }

  async #get(door: Door, path: string, timeout: number): Promise<JSONAnswer> {
    const { exchange, text } = await getDocument(this.#http, door, path, timeout, this.#signal)
    if (text === undefined) return { exchange }
    try {
      return { exchange, body: JSON.parse(text) }
    } catch {
      return { exchange }
    }
  }
}

/**
 * Gets a whole document; it has no text where that failed. Never rejects.
 * @param timeout seconds
 */
export async function getDocument(
  http: HttpClient,
  { address, headers }: Door,
  path: string,
  timeout: number,
  signal: AbortSignal,
): Promise<{ readonly exchange: Exchange; readonly text?: string }> {
  const parts: Buffer[] = []
  let size = 0
  const read = (bytes: Buffer, start: number, end: number): void => {
    size += end - start
    if (size > DOCUMENT_LIMIT) throw new WireError('protocol', `a document of more than ${DOCUMENT_LIMIT / 1024 / 1024} MiB`)
    parts.push(Buffer.from(bytes.subarray(start, end)))
  }
  const request = { method: 'GET', origin: address.origin, path: path + address.query, headers, timeout } as const
  const exchange = await http.exchange(request, { form: 'json', read }, signal)
  return exchange.failure === undefined ? { exchange, text: Buffer.concat(parts).toString() } : { exchange }
}

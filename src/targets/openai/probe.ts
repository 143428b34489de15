import type { OpenAITargetSpec } from '../../dsl/targets.ts'
import { LlmBenchError } from '../../errors.ts'
import type { TargetInfo } from '../target.ts'
import type { Address } from '../wire/address.ts'
import { isRecord, WireError } from '../wire/failure.ts'
import type { Exchange, HttpClient } from '../wire/http.ts'

/** One URL with the headers of one key. */
export interface Door {
  readonly address: Address
  readonly headers: readonly string[]
}

/** Seconds that the list of models may take. */
const LIST_TIMEOUT = 30
/** Seconds that each question for a version may take: it is of no consequence. */
const VERSION_TIMEOUT = 2
/** Bytes that an answer may have. */
const DOCUMENT_LIMIT = 4 * 1024 * 1024

/**
 * Asks each URL for its models, and the first for its version. Nothing is generated.
 * @param scrub takes secrets out of what a server says
 * @throws {LlmBenchError} `TARGET` where requests would fail: no connection, a refused key, no such model, no such API
 */
export async function probe(
  http: HttpClient,
  doors: readonly Door[],
  spec: OpenAITargetSpec,
  scrub: (text: string) => string,
  signal: AbortSignal,
): Promise<TargetInfo> {
  const answers = await Promise.all(
    doors.map((door) => ask(http, door, `${door.address.path}/models`, Math.min(spec.timeout, LIST_TIMEOUT), signal)),
  )
  const lists = doors.map(({ address }, i) => ({ url: address.shown, ids: modelsOf(address.shown, answers[i]!, spec, scrub) }))
  const model = spec.model ?? firstModel(lists[0]!)
  for (const { url, ids } of lists) {
    if (ids !== undefined && !ids.includes(model)) {
      throw new LlmBenchError('TARGET', `${url} has no model ${JSON.stringify(model)}; it has: ${listed(ids)}`)
    }
  }
  return { model, version: await versionOf(http, doors[0]!, answers[0]!, signal) }
}

/** The models' names; absent where the server keeps no such list and the model is named anyway. */
function modelsOf(url: string, answer: JSONAnswer, spec: OpenAITargetSpec, scrub: (text: string) => string): string[] | undefined {
  const { failure, status } = answer.exchange
  if (failure !== undefined) {
    if (failure.kind === 'cancelled') throw new LlmBenchError('CANCELLED', failure.message)
    const said = scrub(failure.message)
    if (status === 401 || status === 403) {
      const key = spec.apiKeys.length === 0 ? 'it wants an API key: give' : 'the API key is not accepted: check'
      throw new LlmBenchError('TARGET', `${url} answered ${said}; ${key} \`apiKey\` (from the environment, say LLM_BENCH_API_KEY)`)
    }
    if (status === 404 || status === 405) {
      if (spec.model !== undefined) return undefined
      throw new LlmBenchError(
        'TARGET',
        `${url} has no list of models (${said}); if this is the base URL of an OpenAI-compatible server, name the \`model\``,
      )
    }
    if (status === undefined) throw new LlmBenchError('TARGET', `${url} can't be reached: ${said}`)
    if (failure.kind === 'protocol') throw noAPI(url, said)
    throw new LlmBenchError('TARGET', `${url} answered ${said}; is the server ready?`)
  }
  const data = isRecord(answer.body) ? answer.body.data : undefined
  if (!Array.isArray(data)) throw noAPI(url, 'JSON that is no list of models')
  return data.flatMap((entry: unknown) => (isRecord(entry) && typeof entry.id === 'string' ? [entry.id] : []))
}

function noAPI(url: string, said: string): LlmBenchError {
  return new LlmBenchError('TARGET', `${url} is no OpenAI API: /models answered ${said}; the base URL usually ends in /v1`)
}

function firstModel({ url, ids }: { readonly url: string; readonly ids: string[] | undefined }): string {
  const first = ids?.[0]
  if (first === undefined) throw new LlmBenchError('TARGET', `${url} serves no model: load one, or name the \`model\``)
  return first
}

function listed(ids: readonly string[]): string {
  const shown = ids.slice(0, 10).map((id) => JSON.stringify(id))
  if (ids.length > 10) shown.push(`and ${ids.length - 10} more`)
  return shown.length === 0 ? 'none' : shown.join(', ')
}

/** The engine's name and version as far as the server tells: vLLM has /version, llama.cpp /props, others a Server header. */
async function versionOf(http: HttpClient, door: Door, models: JSONAnswer, signal: AbortSignal): Promise<string | undefined> {
  const root = door.address.path.replace(/\/v\d[^/]*$/, '')
  const [version, props] = await Promise.all(['/version', '/props'].map((path) => ask(http, door, root + path, VERSION_TIMEOUT, signal)))
  const number = textAt(version!.body, 'version') ?? textAt(props!.body, 'build_info')
  const list = isRecord(models.body) && Array.isArray(models.body.data) ? (models.body.data as unknown[]) : []
  const owner = textAt(list[0], 'owned_by')
  if (number !== undefined) return owner === undefined ? number : `${owner} ${number}`
  const server = models.exchange.headers?.server
  return typeof server === 'string' && server !== '' ? server : undefined
}

function textAt(value: unknown, key: string): string | undefined {
  const text = isRecord(value) ? value[key] : undefined
  return typeof text === 'string' && text !== '' ? text : undefined
}

interface JSONAnswer {
  readonly exchange: Exchange
  /** Absent where the request failed or the body is not JSON. */
  readonly body?: unknown
}

async function ask(http: HttpClient, door: Door, path: string, timeout: number, signal: AbortSignal): Promise<JSONAnswer> {
  const { address, headers } = door
  const parts: Buffer[] = []
  let size = 0
  const read = (bytes: Buffer, start: number, end: number): void => {
    size += end - start
    if (size > DOCUMENT_LIMIT) throw new WireError('protocol', `a document of more than ${DOCUMENT_LIMIT / 1024 / 1024} MiB`)
    parts.push(Buffer.from(bytes.subarray(start, end)))
  }
  const exchange = await http.exchange(
    { method: 'GET', origin: address.origin, path: path + address.query, headers, timeout },
    { form: 'json', read },
    signal,
  )
  if (exchange.failure !== undefined) return { exchange }
  const text = Buffer.concat(parts).toString()
  try {
    return { exchange, body: JSON.parse(text) }
  } catch {
    return { exchange }
  }
}

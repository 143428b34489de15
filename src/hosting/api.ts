import { EnvHttpProxyAgent, fetch } from 'undici'
import { LlmBenchError, messageOf } from '../errors.ts'
import { thisPackage } from '../this-package.ts'

const TIMEOUT_MS = 20_000
/** A host that wants to be left alone for longer is not waited for. */
const LONGEST_WAIT_MS = 60_000
/** Waits before the second and each further try, where the host names none. */
const WAITS_MS = [1000, 3000, 9000]

/** How a hosting service is reached. */
export interface ApiAccess {
  /** Base URL of its API. */
  readonly baseURL: string
  /** What carries the token. */
  readonly authorization: Readonly<Record<string, string>>
  /** Never part of a message. */
  readonly token: string
}

/** The host answered that the token may not do this: no fault of the caller's, as on a fork. */
export class NotPermitted extends Error {}

/** The host did not answer, or asked to be tried again. */
class TryAgain extends Error {
  readonly afterMs: number | undefined

  constructor(message: string, afterMs?: number) {
    super(message)
    this.afterMs = afterMs
  }
}

/** JSON requests to the API of a hosting service. */
export class Api {
  readonly #access: ApiAccess
  readonly #dispatcher = new EnvHttpProxyAgent()

  constructor(access: ApiAccess) {
    this.#access = access
  }

  /**
   * @throws {NotPermitted} for 403 and 404: an API hides from a token what it may not see
   * @throws {TryAgain} for 429, 5xx, a rate limit, or no answer
   * @throws {LlmBenchError} `COMMENT` for anything else
   */
  async request(method: 'GET' | 'POST' | 'PATCH' | 'PUT', path: string, body?: unknown): Promise<unknown> {
    const { baseURL, authorization } = this.#access
    const url = `${baseURL.replace(/\/+$/, '')}${path}`
    let status: number
    let headers: { get(name: string): string | null }
    let text: string
    try {
      const response = await fetch(url, {
        method,
        dispatcher: this.#dispatcher,
        // Elsewhere the token has no business.
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          accept: 'application/json',
          'user-agent': thisPackage().name,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...authorization,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      ;({ status, headers } = response)
      text = await response.text()
    } catch (error) {
      const { cause } = error as Error
      throw new TryAgain(this.#told(`${method} ${url}: ${messageOf(cause ?? error)}`))
    }
    const said = this.#told(`${method} ${url} answered ${status}${saying(text)}`)
    if (status >= 500 || status === 429 || (status === 403 && isRateLimit(headers))) throw new TryAgain(said, waitOf(headers))
    if (status === 403 || status === 404) throw new NotPermitted(said)
    if (status < 200 || status >= 300) throw new LlmBenchError('COMMENT', said)
    try {
      return text === '' ? undefined : JSON.parse(text)
    } catch {
      throw new LlmBenchError('COMMENT', this.#told(`${method} ${url} answered ${status} without JSON: is it the base URL of the API?`))
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.close()
  }

  #told(text: string): string {
    return text.replaceAll(this.#access.token, '***')
  }
}

/**
 * Does all of a task again where the host asks for it, up to four times.
 * @throws {LlmBenchError} `COMMENT` where that was in vain
 */
export async function persist<Result>(task: () => Promise<Result>, wait: (ms: number) => Promise<void>): Promise<Result> {
  for (let tries = 0; ; tries++) {
    try {
      return await task()
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error
      const next = WAITS_MS[tries]
      if (next === undefined) throw new LlmBenchError('COMMENT', `${error.message} (tried ${tries + 1} times)`)
      const delay = Math.max(next, error.afterMs ?? 0)
      if (delay > LONGEST_WAIT_MS) {
        throw new LlmBenchError('COMMENT', `${error.message}, and wants to be tried again in ${Math.ceil(delay / 1000)} s at the earliest`)
      }
      await wait(delay)
    }
  }
}

function isRateLimit(headers: { get(name: string): string | null }): boolean {
  return headers.get('retry-after') !== null || headers.get('x-ratelimit-remaining') === '0'
}

function waitOf(headers: { get(name: string): string | null }): number | undefined {
  const after = Number(headers.get('retry-after') ?? Number.NaN)
  if (Number.isFinite(after)) return after * 1000
  const reset = Number(headers.get('x-ratelimit-reset') ?? Number.NaN)
  return headers.get('x-ratelimit-remaining') === '0' && Number.isFinite(reset) ? Math.max(0, reset * 1000 - Date.now()) : undefined
}

/** What an API says of its refusal. */
function saying(text: string): string {
  try {
    const { message, error } = JSON.parse(text) as { message?: unknown; error?: unknown }
    const said = typeof message === 'string' ? message : typeof error === 'string' ? error : JSON.stringify(message ?? error)
    return said === undefined ? '' : `: ${said.slice(0, 300)}`
  } catch {
    return ''
  }
}

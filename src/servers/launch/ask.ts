import type { LiveTargetSpec } from '../../dsl/targets.ts'
import { messageOf } from '../../errors.ts'
import { startClock } from '../../metrics/clock.ts'
import { getDocument } from '../../targets/probe.ts'
import { parseAddress } from '../../targets/wire/address.ts'
import { headerList } from '../../targets/wire/headers.ts'
import type { HttpClient } from '../../targets/wire/http.ts'
import { routeOf } from '../../targets/wire/route.ts'
import { connectionTo } from './place.ts'

/** What became of a question. */
export interface Asked {
  /** Absent where nobody answered. */
  readonly status?: number | undefined
  /** The document; absent where there is none that can be read. */
  readonly text?: string | undefined
  /** Why there is none. */
  readonly problem?: string | undefined
}

export interface AskOptions {
  /** Speaks to the server. */
  readonly target: LiveTargetSpec
  /** Folder that relative paths of the target resolve against. */
  readonly root: string
  readonly signal: AbortSignal
}

/**
 * Asks a launched server for a document, over connections such as its target makes them; what is its target's own URL, with its key.
 * Never rejects.
 * @param seconds that it may take
 */
export async function ask(url: string, seconds: number, { target, root, signal }: AskOptions): Promise<Asked> {
  let http: HttpClient | undefined
  try {
    // It is large: the server starts while it is loaded.
    const wire = await import('../../targets/wire/http.ts')
    // Each time anew: a server may make its certificate, or its socket, while it starts.
    const route = routeOf(connectionTo(url, target), 'the target', root)
    http = new wire.HttpClient({ clock: startClock(), timeout: seconds, idleTimeout: seconds, route })
    const door = { address: parseAddress(url), headers: headersFor(url, target) }
    const { exchange, text } = await getDocument(http, door, new URL(url).pathname, seconds, signal)
    return { status: exchange.status, text, problem: exchange.failure?.message }
  } catch (error) {
    return { problem: messageOf(error) }
  } finally {
    await http?.close()
  }
}

function headersFor(url: string, { baseURLs, apiKeys, headers }: LiveTargetSpec): string[] {
  const { host } = new URL(url)
  const isOwn = baseURLs.some((baseURL) => new URL(baseURL).host === host)
  const [key] = apiKeys
  const { authorization } = parseAddress(url)
  const credentials = isOwn && key !== undefined ? `Bearer ${key}` : authorization
  const all = { accept: '*/*', 'user-agent': 'vitest-llm-bench' }
  return headerList('the target', all, credentials === undefined ? {} : { authorization: credentials }, isOwn ? headers : {})
}

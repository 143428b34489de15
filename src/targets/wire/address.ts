import { redactURL } from '../../dsl/redact.ts'

/** A base URL, taken apart for requests. */
export interface Address {
  readonly origin: string
  /** Path without a closing slash; '' at the root. */
  readonly path: string
  /** Query with its question mark; goes along with every request. */
  readonly query: string
  /** `Basic …` of the URL's user name and password; absent where it has none. */
  readonly authorization?: string | undefined
  /** For people: without secrets. */
  readonly shown: string
  /** What must not show up in a message. */
  readonly secrets: readonly string[]
}

export function parseAddress(baseURL: string): Address {
  const url = new URL(baseURL)
  const user = decoded(url.username)
  const password = decoded(url.password)
  const credentials = user + password === '' ? undefined : Buffer.from(`${user}:${password}`).toString('base64')
  return {
    origin: url.origin,
    path: url.pathname.replace(/\/+$/, ''),
    query: url.search,
    authorization: credentials === undefined ? undefined : `Basic ${credentials}`,
    shown: redactURL(baseURL),
    // A user name alone is a token.
    secrets: [password === '' ? user : password, url.password, credentials ?? '', ...url.searchParams.values()],
  }
}

/** A part of a URL as it was meant; as it is where its percent signs are no escapes. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

import { validateHeaderName, validateHeaderValue } from 'node:http'
import { LlmBenchError } from '../../errors.ts'

/** Headers that belong to the connection, not to the user. */
const OURS = /^(?:connection|keep-alive|transfer-encoding|content-length|upgrade|expect|te|trailer)$/i

/**
 * Headers as names and values in turn, later ones replacing earlier ones of the same name.
 * @param call the call they were given to, for the message
 * @throws {LlmBenchError} `INVALID_OPTION` for a header that can't be sent; the value is not in the message, for it may be a secret
 */
export function headerList(call: string, ...sets: readonly Readonly<Record<string, string>>[]): string[] {
  const merged = new Map<string, [name: string, value: string]>()
  for (const set of sets) {
    for (const [name, value] of Object.entries(set)) {
      checkHeader(call, name, value)
      merged.set(name.toLowerCase(), [name, value])
    }
  }
  return [...merged.values()].flat()
}

function checkHeader(call: string, name: string, value: string): void {
  if (OURS.test(name)) throw new LlmBenchError('INVALID_OPTION', `${call}: the header \`${name}\` is set by the HTTP client; leave it out`)
  try {
    validateHeaderName(name)
  } catch {
    throw new LlmBenchError('INVALID_OPTION', `${call}: ${JSON.stringify(name)} is no name of an HTTP header`)
  }
  try {
    validateHeaderValue(name, value)
  } catch {
    const what = name.toLowerCase() === 'authorization' ? 'the API key' : `the header \`${name}\``
    throw new LlmBenchError('INVALID_OPTION', `${call}: ${what} has characters that HTTP does not allow (a line break at its end?)`)
  }
}

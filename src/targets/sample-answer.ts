/** Data as a stream of server-sent events. */
export function asEvents(...data: readonly string[]): string {
  return data.map((event) => `data: ${event}\n\n`).join('')
}

/** Data as lines. */
export function asLines(...data: readonly string[]): string {
  return data.map((line) => `${line}\n`).join('')
}

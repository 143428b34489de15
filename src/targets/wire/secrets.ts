import { redact } from '../../dsl/redact.ts'

/** Less of a value would take ordinary words away. */
const SHORTEST = 4
/** Shorter lines of a secret of several may be ordinary text, such as a bracket. */
const SHORTEST_LINE = 8

/**
 * A function that takes secrets out of a text, such as a server's message that quotes the key it refused; of a text that was
 * cut (…) in the middle of a secret, its beginning too. Of a secret of several lines, such as a PEM key, each line is taken out, for
 * text may come line by line.
 */
export function scrubber(secrets: Iterable<string>): (text: string) => string {
  // The longest first: one secret may be a part of another.
  const known = [...new Set([...secrets].flatMap(withLines))]
    .filter((secret) => secret.length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length)
  return (text) => known.reduce((scrubbed, secret) => withoutBeginning(scrubbed.replaceAll(secret, '***'), secret), text)
}

function withLines(secret: string): string[] {
  const lines = secret.split(/[\r\n]+/).map((line) => line.trim())
  return lines.length === 1 ? [secret] : [secret, ...lines.filter((line) => line.length >= SHORTEST_LINE)]
}

function withoutBeginning(text: string, secret: string): string {
  if (!text.includes('…')) return text
  let scrubbed = text
  for (let length = secret.length - 1; length >= SHORTEST; length--) {
    scrubbed = scrubbed.replaceAll(`${secret.slice(0, length)}…`, '***…')
  }
  return scrubbed
}

/** The values of headers whose names say that they are secrets, with and without the scheme before them (`Bearer …`). */
export function secretsIn(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(redact({ ...headers })).flatMap(([name, shown]) =>
    shown === '***' ? [headers[name]!, headers[name]!.replace(/^\w+ /, '')] : [],
  )
}

/** A function that takes secrets out of a text, such as a server's message that quotes the key it refused. */
export function scrubber(secrets: Iterable<string>): (text: string) => string {
  // The longest first: one secret may be a part of another. Short values would take ordinary words away.
  const known = [...new Set(secrets)].filter((secret) => secret.length >= 4).toSorted((a, b) => b.length - a.length)
  return (text) => known.reduce((scrubbed, secret) => scrubbed.replaceAll(secret, '***'), text)
}

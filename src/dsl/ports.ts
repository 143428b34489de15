import { z } from 'zod'

/** `{port}`, and `{port2}` to `{port9}` for servers that want several: free ports, found when the server starts. */
const PLACEHOLDER = /\{port([2-9]?)\}/g

/** The placeholders for ports in a value, wherever they stand in it, each once. */
export function portPlaceholders(value: unknown): string[] {
  return [...new Set(JSON.stringify(value).match(PLACEHOLDER))].toSorted()
}

/** The same value with ports in the place of their placeholders, in all its texts. */
export function fillPorts<Value>(value: Value, ports: Readonly<Record<string, number>>): Value {
  const fill = (item: unknown): unknown => {
    if (typeof item === 'string') return item.replaceAll(PLACEHOLDER, (placeholder) => String(ports[placeholder] ?? placeholder))
    if (Array.isArray(item)) return item.map(fill)
    if (typeof item === 'object' && item !== null) {
      return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, fill(inner)]))
    }
    return item
  }
  return fill(value) as Value
}

/** A text that parses as a URL although its port is still a placeholder. */
export function withAnyPort(url: string): string {
  return url.replaceAll(PLACEHOLDER, '1')
}

const PORT = 'expected a port, from 1 to 65535'

/** The number of a port. */
export const portNumber = z.int({ error: PORT }).min(1, { error: PORT }).max(65_535, { error: PORT })

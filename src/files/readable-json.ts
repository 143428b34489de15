/** A list or an object that is shorter stands on one line. */
const LINE = 120

/**
 * JSON that people read and compare line by line: two spaces of indent, short lists and objects on one line, numbers to about six
 * significant digits, for more of a measured figure is noise.
 */
export function readableJSON(value: unknown): string {
  return `${render(value, '')}\n`
}

function render(value: unknown, indent: string): string {
  if (typeof value === 'number') return JSON.stringify(rounded(value))
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
  const inner = `${indent}  `
  const entries = Array.isArray(value)
    ? value.map((item) => render(item, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}: ${render(item, inner)}`)
  if (entries.length === 0) return open + close
  const space = open === '{' ? ' ' : ''
  const line = `${open}${space}${entries.join(', ')}${space}${close}`
  if (indent !== '' && line.length + indent.length <= LINE && !line.includes('\n')) return line
  return `${open}\n${entries.map((entry) => inner + entry).join(',\n')}\n${indent}${close}`
}

function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6))
}

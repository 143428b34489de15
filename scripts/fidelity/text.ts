import type { Spread } from './spread.ts'

/** A table, or nothing where it would have no rows. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** A number with so many digits after its point; a dash where it is unknown. */
export function fixed(value: number, digits = 2): string {
  return Number.isNaN(value) ? '–' : value.toFixed(digits)
}

/** Milliseconds, the more exact the smaller. */
export function milliseconds(value: number): string {
  return fixed(value, Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0)
}

export function spreadText({ p50, p99, max }: Spread, digits = 2): string {
  return [p50, p99, max].map((value) => (Math.abs(value) < 10 ? fixed(value, digits) : milliseconds(value))).join(' / ')
}

import { counted } from '../counted.ts'
import type { Comparison } from './comparison.ts'
import { formatShare, formatValue } from './format.ts'

/** A change with its sign: `+9.3%`, `−0.42%`. */
function formatChange(change: number): string {
  const percent = Math.abs(change) * 100
  const text = percent.toLocaleString('en-US', { maximumFractionDigits: percent < 1 ? 2 : 1 })
  return `${change < 0 ? '−' : '+'}${text}%`
}

/**
 * A comparison in a sentence, and what would settle it:
 * `ttft.p99 regressed: 131 ms against 120 ms, +9.3% [+6.1% to +12.7%], allowed 5%; 10 runs against 10.`
 */
export function comparisonText(comparison: Omit<Comparison, 'message'>, advice?: string): string {
  const { metric, unit, within, state, reference, measured, change, interval } = comparison
  if (reference === undefined || measured === undefined || change === undefined) return `${metric} ${STATES[state]}.`
  const range = interval === undefined ? '' : ` [${interval.map(formatChange).join(' to ')}]`
  const figures = `${formatValue(measured.value, unit)} against ${formatValue(reference.value, unit)}`
  const runs = `${counted(measured.runs, 'run')} against ${reference.runs}`
  const told = `${metric} ${STATES[state]}: ${figures}, ${formatChange(change)}${range}, allowed ${formatShare(within)}; ${runs}.`
  return advice === undefined ? told : `${told} ${advice}`
}

const STATES: Readonly<Record<Comparison['state'], string>> = {
  pass: 'holds',
  improved: 'improved',
  regressed: 'regressed',
  inconclusive: 'is inconclusive',
  error: "can't be compared",
}

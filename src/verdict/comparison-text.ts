import { counted } from '../counted.ts'
import type { Comparison } from './comparison.ts'
import { formatShare, formatValue } from './format.ts'

/** A change with its sign: `+9.3%`, `−0.4%`. */
function formatChange(change: number): string {
  return change < 0 ? `−${formatShare(-change)}` : `+${formatShare(change)}`
}

/** A comparison in a sentence: `ttft.p99 regressed: 131 ms against 120 ms, +9.3% [+6.1% to +12.7%], allowed 5%; 10 runs against 10.` */
export function comparisonText(comparison: Omit<Comparison, 'message'>): string {
  const { metric, unit, within, state, reference, measured, change, interval } = comparison
  if (reference === undefined || measured === undefined || change === undefined) return `${metric} can't be compared.`
  const range = interval === undefined ? '' : ` [${interval.map(formatChange).join(' to ')}]`
  const figures = `${formatValue(measured.value, unit)} against ${formatValue(reference.value, unit)}`
  const runs = `${counted(measured.runs, 'run')} against ${reference.runs}`
  return `${metric} ${STATES[state]}: ${figures}, ${formatChange(change)}${range}, allowed ${formatShare(within)}; ${runs}.`
}

const STATES: Readonly<Record<Comparison['state'], string>> = {
  pass: 'holds',
  improved: 'improved',
  regressed: 'regressed',
  inconclusive: 'is inconclusive',
  error: "can't be compared",
}

import { counted } from '../counted.ts'
import { changeText, intervalText, withinText } from './change-text.ts'
import type { Comparison } from './comparison.ts'
import { formatValue } from './format.ts'

/**
 * A comparison in a sentence, and what would settle it:
 * `ttft.p99 regressed: 131 ms against 120 ms, +9.3% [+6.1% to +12.7%], allowed 5%; 10 runs against 10.`
 */
export function comparisonText(comparison: Omit<Comparison, 'message'>): string {
  const { metric, unit, state, reference, measured, change, interval, advice } = comparison
  if (reference === undefined || measured === undefined || change === undefined) return `${metric} ${STATES[state]}.`
  const range = interval === undefined ? '' : ` [${intervalText(interval, comparison)}]`
  const figures = `${formatValue(measured.value, unit)} against ${formatValue(reference.value, unit)}`
  const runs = `${counted(measured.runs, 'run')} against ${reference.runs}`
  const told = `${metric} ${STATES[state]}: ${figures}, ${changeText(change, comparison)}${range}, allowed ${withinText(comparison)}; ${runs}.`
  return advice === undefined ? told : `${told} ${advice}`
}

const STATES: Readonly<Record<Comparison['state'], string>> = {
  pass: 'holds',
  improved: 'improved',
  regressed: 'regressed',
  inconclusive: 'is inconclusive',
  error: "can't be compared",
}

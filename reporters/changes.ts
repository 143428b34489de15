import type { Comparison } from '../src/verdict/comparison.ts'
import { formatValue } from './figures.ts'

/** A change with its sign: `+31.2%`; of a metric in %, in points: `−1.2 points`. */
export function changeText(change: number, { unit }: Pick<Comparison, 'unit'>): string {
  return `${signed(change)}${unit === '%' ? ' points' : '%'}`
}

/** The ends of a change's interval: `+27.1% to +35%`. */
export function intervalText([low, high]: readonly [number, number], { unit }: Pick<Comparison, 'unit'>): string {
  return unit === '%' ? `${signed(low)} to ${signed(high)} points` : `${signed(low)}% to ${signed(high)}%`
}

/** The least change that matters: `5%`, `1 point`. */
export function withinText({ within, unit }: Pick<Comparison, 'within' | 'unit'>): string {
  const text = digits(within)
  return unit === '%' ? `${text} ${text === '1' ? 'point' : 'points'}` : `${text}%`
}

/** The mean figure of one side. */
export function sideText(comparison: Comparison, side: 'reference' | 'measured'): string {
  const runs = comparison[side]
  return runs === undefined ? '–' : formatValue(runs.value, comparison.unit)
}

/** The inconclusive ones, by the runs that would settle them; undefined where no number of runs can be told. */
export function byRunsToSettle(comparisons: readonly Comparison[]): Map<number | undefined, Comparison[]> {
  return Map.groupBy(
    comparisons.filter(({ state }) => state === 'inconclusive'),
    ({ runsToSettle }) => runsToSettle,
  )
}

function signed(share: number): string {
  const text = digits(Math.abs(share))
  if (text === '0') return '0'
  return `${share < 0 ? '−' : '+'}${text}`
}

/** Percent with three significant digits, and no finer than a hundredth. */
function digits(share: number): string {
  const percent = share * 100
  return percent.toLocaleString('en-US', { maximumFractionDigits: percent >= 100 ? 0 : percent >= 10 ? 1 : 2 })
}

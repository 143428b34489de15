import type { Comparison } from '../src/verdict/comparison.ts'
import { formatValue } from './figures.ts'

export { changeText, intervalText, withinText } from '../src/verdict/change-text.ts'

/** The mean figure of one side. */
export function sideText(comparison: Comparison, side: 'reference' | 'measured'): string {
  const runs = comparison[side]
  return runs === undefined ? '–' : formatValue(runs.value, comparison.unit)
}

/** What would settle the inconclusive ones: each advice with the metrics that it is about. */
export function advices(comparisons: readonly Comparison[]): { advice: string; metrics: string[] }[] {
  const advised = comparisons.filter(({ advice }) => advice !== undefined)
  const groups = Map.groupBy(advised, ({ advice }) => advice!)
  return [...groups].map(([advice, group]) => ({ advice, metrics: group.map(({ metric }) => metric) }))
}

import type { Comparison } from './comparison.ts'

type InUnit = Pick<Comparison, 'unit'>

/** A change with its sign: `+31.2%`; of a metric in %, in points: `−1.2 points`. */
export function changeText(change: number, { unit }: InUnit): string {
  return `${signed(change)}${unit === '%' ? ' points' : '%'}`
}

/** The ends of a change's interval: `+27.1% to +35%`. */
export function intervalText([low, high]: readonly [number, number], { unit }: InUnit): string {
  return unit === '%' ? `${signed(low)} to ${signed(high)} points` : `${signed(low)}% to ${signed(high)}%`
}

/** The least change that matters: `5%`, `1 point`. */
export function withinText({ within, unit }: Pick<Comparison, 'within' | 'unit'>): string {
  const text = digits(within)
  return unit === '%' ? `${text} ${text === '1' ? 'point' : 'points'}` : `${text}%`
}

function signed(share: number): string {
  const text = digits(Math.abs(share))
  if (text === '0') return '0'
  return `${share < 0 ? '−' : '+'}${text}`
}

/** Percent to a tenth, below one to a hundredth. */
function digits(share: number): string {
  const percent = share * 100
  return percent.toLocaleString('en-US', { maximumFractionDigits: percent < 1 ? 2 : 1 })
}

import type { Unit, Verdict } from '../src/verdict/verdict.ts'

/** A number for people: thousands separated, about four significant digits; whole numbers as they are. */
export function formatNumber(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : formatMeasured(value)
}

/** A measured number in a column of others: about four significant digits, whole or not. */
export function formatMeasured(value: number): string {
  const size = Math.abs(value)
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : size >= 0.01 || size === 0 ? 3 : 5
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** A share of 1 in percent. */
export function formatShare(share: number): string {
  const percent = share * 100
  // 99.996 % must not read as 100 %: a threshold of 100 % would seem to hold.
  const digits = share < 1 && percent >= 99.95 ? 4 : 2
  return `${Number(percent.toFixed(digits)).toLocaleString('en-US', { maximumFractionDigits: digits })}%`
}

/** A figure with its unit. */
export function formatValue(value: number, unit: Unit): string {
  if (unit === '%') return formatShare(value)
  return unit === '' ? formatNumber(value) : `${formatNumber(value)} ${unit}`
}

/** The margin of a verdict with its sign: `+12.5%` holds, `−56.2%` breaks. */
export function formatMargin(margin: number): string {
  return `${margin < 0 ? '−' : '+'}${formatNumber(Number(Math.abs(margin * 100).toFixed(1)))}%`
}

/** A verdict in one line: threshold, measured value, limit and margin. */
export function verdictSummary(verdict: Verdict): string {
  const facts = [
    verdict.measured === undefined ? 'not measured' : `measured ${formatValue(verdict.measured, verdict.unit)}`,
    `limit ${formatValue(verdict.limit, verdict.unit)}`,
    ...(verdict.margin === undefined ? [] : [`margin ${formatMargin(verdict.margin)}`]),
    ...(verdict.fewSamples === undefined ? [] : [`few samples: ${verdict.fewSamples.have} of ${verdict.fewSamples.need}`]),
  ]
  return `${verdict.threshold}: ${facts.join(', ')}`
}

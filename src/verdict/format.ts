import type { Unit, Verdict, WorstRequest } from './verdict.ts'

/** A number without the noise of binary fractions: 0.1 + 0.2 as 0.3. */
export function tidy(value: number): number {
  return Number(value.toPrecision(12))
}

/** A limit as thresholds are written: `200ms`, `1500 tok/s`, `99%`. */
export function limitText(limit: number, unit: Unit): string {
  return `${tidy(unit === '%' ? limit * 100 : limit)}${unit === 'ms' || unit === '%' || unit === '' ? '' : ' '}${unit}`
}

/** A number for people: thousands separated, about four significant digits; whole numbers as they are. */
export function formatNumber(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : formatMeasured(value)
}

/** A measured number in a column of others: about four significant digits, whole or not. */
export function formatMeasured(value: number): string {
  return withDecimals(value, decimalsOf(value))
}

/** A share of 1 in percent. */
export function formatShare(share: number): string {
  const percent = tidy(share * 100)
  return `${percent.toLocaleString('en-US', { maximumFractionDigits: percentDecimals(percent) })}%`
}

/** A figure with its unit. */
export function formatValue(value: number, unit: Unit): string {
  if (unit === '%') return formatShare(value)
  return unit === '' ? formatNumber(value) : `${formatNumber(value)} ${unit}`
}

/** The margin of a verdict with its sign: `+12.5%` holds, `−56.2%` breaks; beyond ±1,000 % as a factor: `×36 of the limit`. */
export function formatMargin(margin: number): string {
  const size = Math.abs(margin)
  if (size > 10) return `×${Number((size + 1).toPrecision(3)).toLocaleString('en-US')} of the limit`
  return `${margin < 0 ? '−' : '+'}${(size * 100).toLocaleString('en-US', { maximumFractionDigits: Math.max(1, firstDecimal(size * 100)) })}%`
}

type Judged = Pick<Verdict, 'threshold' | 'state' | 'limit' | 'unit' | 'measured' | 'margin' | 'fewSamples' | 'median' | 'negated'>

/** A verdict in one line: `ttft.p99 <= 200ms: measured 1,224 ms, limit 200 ms, margin −512%`. */
export function verdictText(verdict: Judged): string {
  const { threshold, measured, limit, unit, margin, fewSamples, median } = verdict
  const facts = [
    measured === undefined ? 'not measured' : `measured ${measuredBeside(limit, measured, unit)}${medianText(median)}`,
    `limit ${formatValue(limit, unit)}`,
    ...(margin === undefined ? [] : [marginText(margin, verdict)]),
    ...(fewSamples === undefined ? [] : [`few samples: ${fewSamples.have} of ${fewSamples.need}`]),
  ]
  return `${threshold}: ${facts.join(', ')}`
}

/** All that is said of a verdict: the line, and the worst requests. */
export function verdictMessage(verdict: Judged & Pick<Verdict, 'worst'>): string {
  const { worst = [], unit } = verdict
  return `${verdictText(verdict)}${worst.length === 0 ? '' : `; worst requests: ${worstText(worst, unit)}`}`
}

/** What a figure of several runs is: ` (median of 5 runs)`. */
export function medianText(median: Verdict['median']): string {
  return median === undefined ? '' : ` (median of ${median.runs} runs)`
}

/** Requests that broke a threshold by most: `#12 402.1 ms (client 3, prompt 44) · #7 399 ms (client 1, prompt 9)`. */
export function worstText(worst: readonly WorstRequest[], unit: Unit): string {
  return worst
    .map(({ index, client, promptIndex, value }) => {
      const place = client === undefined ? `prompt ${promptIndex}` : `client ${client}, prompt ${promptIndex}`
      return `#${index} ${formatValue(value, unit)} (${place})`
    })
    .join(' · ')
}

function marginText(margin: number, { state, negated }: Judged): string {
  if (margin === 0) return state === 'fail' && negated !== true ? 'exactly at it, which breaks it' : 'exactly at it'
  const text = formatMargin(margin)
  return text.startsWith('×') ? text : `margin ${text}`
}

/** A figure with digits enough that a narrow miss does not read like the limit. */
function measuredBeside(limit: number, measured: number, unit: Unit): string {
  const [figure, bound] = unit === '%' ? [tidy(measured * 100), tidy(limit * 100)] : [measured, limit]
  const decimals = unit === '%' ? percentDecimals(figure) : decimalsOf(figure)
  const isNarrow = figure !== bound && Number(figure.toFixed(decimals)) === Number(bound.toFixed(decimals))
  if (!isNarrow) return formatValue(measured, unit)
  const text = withDecimals(figure, Math.min(20, firstDecimal(Math.abs(figure - bound))))
  return `${text}${unit === '' || unit === '%' ? unit : ` ${unit}`}`
}

/** Decimals for about four significant digits. */
function decimalsOf(value: number): number {
  const size = Math.abs(value)
  return size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : size >= 0.01 || size === 0 ? 3 : 5
}

/** 99.996 % must not read as 100 %: a threshold of 100 % would seem to hold. */
function percentDecimals(percent: number): number {
  return percent < 100 && percent >= 99.95 ? 4 : 2
}

/** How many decimals show a number's first digit that is not zero. */
function firstDecimal(value: number): number {
  return value > 0 ? Math.max(0, Math.ceil(-Math.log10(value))) : 0
}

function withDecimals(value: number, decimals: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

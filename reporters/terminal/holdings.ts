import { stripVTControlCharacters } from 'node:util'
import { counted } from '../../src/counted.ts'
import type { Comparison } from '../../src/verdict/comparison.ts'
import type { Holding } from '../../src/verdict/holding.ts'
import { advices, changeText, intervalText, sideText, withinText } from '../changes.ts'
import { plainText, wrap } from '../text.ts'
import type { Style } from './style.ts'
import { renderTable } from './table.ts'

/** What was held against earlier runs or another bench: a row for each metric, what would settle the open ones, and the notes. */
export function renderHoldings(holdings: readonly Holding[], style: Style): string[] {
  return holdings.flatMap((holding) => [
    ...wrapped(titleOf(holding), style, 2, style.bold),
    ...comparisonLines(holding.comparisons, style),
    ...holding.comparisons.flatMap(({ state, message }) => (state === 'error' ? wrapped(`! ${message}`, style, 2, style.bad) : [])),
    ...holding.differences.flatMap(({ axis, reference, measured }) =>
      wrapped(`${axis} differs: ${reference ?? 'unknown'} there, ${measured ?? 'unknown'} here`, style, 4, style.warn),
    ),
    ...holding.notes.flatMap((note) => wrapped(note, style, 4, style.dim)),
    '',
  ])
}

const STATES: Readonly<Record<Holding['state'], string>> = {
  held: '',
  regressed: '',
  inconclusive: '',
  written: ': written just now',
  invalid: ': not judged',
  error: ': not compared',
}

function titleOf({ bench, against, comparisons, state }: Holding): string {
  const runs = comparisons.find(({ measured }) => measured !== undefined)?.measured?.runs
  const now = runs === undefined ? '' : `, now ${counted(runs, 'run')}`
  return `${bench} against ${against}${now}${comparisons.length === 0 ? STATES[state] : ''}`
}

const MARKS: Readonly<Record<Comparison['state'], string>> = { pass: '✓', improved: '✓', regressed: '✗', inconclusive: '?', error: '!' }

function comparisonLines(comparisons: readonly Comparison[], style: Style): string[] {
  const compared = comparisons.filter(({ state }) => state !== 'error')
  if (compared.length === 0) return []
  const table = tableOf(compared, style)
  if (table.some((line) => stripVTControlCharacters(line).length > style.columns)) return narrow(compared, style)
  return [
    ...table,
    ...advices(compared).flatMap(({ advice, metrics }) => wrapped(`? ${metrics.join(', ')}: ${advice}`, style, 2, style.warn)),
  ]
}

function tableOf(compared: readonly Comparison[], style: Style): string[] {
  const rows = compared.map((comparison) =>
    [
      `${MARKS[comparison.state]} ${plainText(comparison.metric)}`,
      sideText(comparison, 'reference'),
      sideText(comparison, 'measured'),
      comparison.change === undefined ? '–' : changeText(comparison.change, comparison),
      comparison.interval === undefined ? '–' : intervalText(comparison.interval, comparison),
    ].map((text) => ({ text })),
  )
  const [head = '', ...lines] = renderTable(['', 'before', 'now', 'change', 'interval'], rows, style)
  const widths = lines.map((line) => stripVTControlCharacters(line).length)
  const width = Math.max(...widths)
  const states = compared.map((comparison) => `${NAMES[comparison.state]} ${withinText(comparison)}`)
  return [`  ${head}`, ...lines.map((line, i) => `  ${line}${' '.repeat(width - widths[i]!)}  ${paintOf(compared[i]!, style)(states[i]!)}`)]
}

const NAMES: Readonly<Record<Comparison['state'], string>> = {
  pass: 'held within',
  improved: 'improved beyond',
  regressed: 'regressed beyond',
  inconclusive: 'inconclusive at',
  error: '',
}

/** Sentences, advice included, where the columns don't fit. */
function narrow(comparisons: readonly Comparison[], style: Style): string[] {
  return comparisons.flatMap((comparison) =>
    wrapped(`${MARKS[comparison.state]} ${comparison.message}`, style, 2, paintOf(comparison, style)),
  )
}

function paintOf({ state }: Comparison, style: Style): (text: string) => string {
  if (state === 'regressed') return style.bad
  return state === 'inconclusive' ? style.warn : style.good
}

function wrapped(text: string, style: Style, indent: number, paint: (text: string) => string): string[] {
  return wrap(plainText(text), style.columns - indent - 2).map((line, i) => `${' '.repeat(i === 0 ? indent : indent + 2)}${paint(line)}`)
}

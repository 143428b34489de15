import { counted } from '../../src/counted.ts'
import type { BenchHolding, SideFacts, SidesComparison } from '../../src/verdict/compare-sides.ts'
import type { Comparison } from '../../src/verdict/comparison.ts'
import { differenceText } from '../../src/verdict/cohort.ts'
import type { BenchName } from '../../src/verdict/run-sample.ts'
import { advices, changeText, intervalText, sideText, withinText } from '../changes.ts'
import type { Style } from './style.ts'
import { renderTable } from './table.ts'
import { wrap } from '../text.ts'

const HEAD = ['metric', 'old', 'new', 'change', 'interval', 'may be', 'verdict'] as const

/** What `compare` found, for a terminal: a table for each bench, then what only one side has, and the count of each outcome. */
export function renderComparisonText(report: SidesComparison, style: Style): string {
  const { reference, measured, holdings } = report
  return `${[
    `old  ${sideLine(reference)}`,
    `new  ${sideLine(measured)}`,
    ...holdings.flatMap((holding) => ['', ...benchLines(holding, style)]),
    ...listed('only in old', report.onlyReference, style),
    ...listed('only in new', report.onlyMeasured, style),
    ...listed('has none of these metrics', report.withoutMetric, style),
    '',
    tallyLine(holdings, style),
  ].join('\n')}\n`
}

function sideLine({ name, runs, from, to }: SideFacts): string {
  const [first, last] = [from, to].map((time) => time.slice(0, 16).replace('T', ' '))
  return `${name}: ${counted(runs, 'run')} of ${first === last ? first : `${first} to ${last}`} UTC`
}

const STATES: Readonly<Record<BenchHolding['state'], { text: string; paint: 'good' | 'bad' | 'warn' }>> = {
  held: { text: 'held', paint: 'good' },
  written: { text: 'written', paint: 'good' },
  regressed: { text: 'regressed', paint: 'bad' },
  inconclusive: { text: 'inconclusive', paint: 'warn' },
  invalid: { text: 'not compared', paint: 'bad' },
  error: { text: 'not compared', paint: 'bad' },
}
/** Where some figures of a bench can't be compared. */
const IN_PART = { text: 'compared in part', paint: 'bad' } as const

function benchLines(holding: BenchHolding, style: Style): string[] {
  const { bench, file, test, state, comparisons, differences, notes } = holding
  const { text, paint } = state === 'error' && comparisons.length > 0 ? IN_PART : STATES[state]
  const allowed = comparisons.length === 0 ? [] : differences.map((axis) => `differs: ${differenceText(axis)}`)
  const sentences = [
    ...comparisons.flatMap(({ state, message }) => (state === 'error' ? [message] : [])),
    ...advices(comparisons).map(({ advice, metrics }) => `${metrics.join(', ')}: ${advice}`),
    ...allowed,
    ...notes,
  ]
  return [
    `${style.bold(bench)}  ${style.dim(`${file} > ${test}`)}  ${style[paint](text)}`,
    ...(comparisons.length === 0 ? [] : renderTable(HEAD, comparisons.map(row), style).map((line) => `  ${line}`)),
    ...sentences.flatMap((sentence) => wrap(sentence, style.columns - 2).map((line) => `  ${style.dim(line)}`)),
  ]
}

/** Which way a figure may be worse. */
const SIGNS: Readonly<Record<Comparison['direction'], string>> = { min: '−', max: '+', either: '±' }

function row(comparison: Comparison): { text: string }[] {
  const { metric, change, interval, state, direction } = comparison
  return [
    metric,
    sideText(comparison, 'reference'),
    sideText(comparison, 'measured'),
    change === undefined ? '–' : changeText(change, comparison),
    interval === undefined ? '–' : intervalText(interval, comparison),
    `${SIGNS[direction]}${withinText(comparison)}`,
    state === 'error' ? 'not compared' : state,
  ].map((text) => ({ text }))
}

function listed(title: string, benches: readonly BenchName[], style: Style): string[] {
  if (benches.length === 0) return []
  return ['', `${title}:`, ...benches.map(({ name, file, test }) => `  ${name}  ${style.dim(`${file} > ${test}`)}`)]
}

function tallyLine(holdings: readonly BenchHolding[], style: Style): string {
  const count = (...states: BenchHolding['state'][]): number => holdings.filter(({ state }) => states.includes(state)).length
  const parts = [
    { count: count('regressed'), text: 'regressed', paint: style.bad },
    { count: count('inconclusive'), text: 'inconclusive', paint: style.warn },
    { count: count('error', 'invalid'), text: 'not compared, or in part', paint: style.bad },
    { count: count('held'), text: 'held', paint: style.good },
  ].filter((part) => part.count > 0)
  return parts.length === 0 ? 'no bench is in both' : parts.map((part) => part.paint(`${part.count} ${part.text}`)).join(' · ')
}

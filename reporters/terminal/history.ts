import { counted } from '../../src/counted.ts'
import { differences } from '../../src/verdict/cohort.ts'
import type { Cohort } from '../../src/verdict/cohort.ts'
import type { BenchHistory, HistoryRun } from '../../src/verdict/history.ts'
import { isSameBench } from '../../src/verdict/run-sample.ts'
import { formatMeasured, formatShare, formatValue } from '../figures.ts'
import type { Style } from './style.ts'
import { renderTable } from './table.ts'

/** Runs beside those of the baseline that are shown, the newest of them; a results folder may hold hundreds. */
const SHOWN = 20

const BARS = '▁▂▃▄▅▆▇█'

/** Axes that a reader looks for first. */
const TELLING = ['model', 'engine.name', 'engine.version', 'target']

/** Histories for a terminal: for each its cohort, a plot a metric, and a line a run. */
export function renderHistories(histories: readonly BenchHistory[], style: Style): string {
  return `${histories
    .map((history) => {
      const others = histories.filter(({ bench }) => isSameBench(bench, history.bench))
      return historyLines(history, tellingAxes(history.cohort, others), style).join('\n')
    })
    .join('\n\n')}\n`
}

/** What a cohort is known by, and what tells it from the bench's others. */
function tellingAxes(cohort: Cohort, others: readonly BenchHistory[]): string[] {
  const differing = others.flatMap((other) => differences(cohort, other.cohort).map(({ axis }) => axis))
  const environment = Object.keys(cohort).filter((axis) => axis.startsWith('environment.'))
  return [...new Set([...TELLING, ...environment, ...differing])].filter((axis) => cohort[axis] !== undefined)
}

function historyLines({ bench, cohort, digest, metrics, runs }: BenchHistory, axes: readonly string[], style: Style): string[] {
  const others = runs.filter(({ accepted }) => !accepted)
  const shown = new Set(others.slice(-SHOWN))
  const listed = runs.filter((run) => run.accepted || shown.has(run))
  const told = axes.map((axis) => `${axis} ${cohort[axis]!}`)
  const plots = metrics.map(({ metric, unit }) => {
    const values = listed.map(({ figures }) => figures[metric])
    const known = values.filter((value) => value !== undefined)
    const range = known.length === 0 ? '' : `${formatValue(Math.min(...known), unit)} to ${formatValue(Math.max(...known), unit)}`
    return [{ text: metric }, { text: sparkline(values) }, { text: range }]
  })
  const rows = listed.map((run) => [
    { text: run.startedAt.slice(0, 16).replace('T', ' ') },
    { text: stateOf(run) },
    ...metrics.map(({ metric, unit }) => {
      const value = run.figures[metric]
      return { text: value === undefined ? '–' : unit === '%' ? formatShare(value) : formatMeasured(value) }
    }),
  ])
  const hidden = others.length - shown.size
  return [
    `${style.bold(bench.name)}  ${style.dim(`${bench.file} > ${bench.test}`)}`,
    `  ${style.dim(`cohort ${digest}: ${told.join(', ')}`)}`,
    ...renderTable(['metric', 'plot', 'range'], plots, style).map((line) => `  ${line}`),
    '',
    ...renderTable(['run (UTC)', '', ...metrics.map(({ metric }) => metric)], rows, style).map((line) => `  ${line}`),
    ...(hidden > 0 ? [`  ${style.dim(`${counted(hidden, 'earlier run')} in the results not shown`)}`] : []),
  ]
}

function stateOf({ accepted, unfit }: HistoryRun): string {
  return accepted ? 'accepted' : (unfit ?? 'measured')
}

/** A bar a value, from the smallest to the largest; a space where there is none. */
export function sparkline(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined)
  const [low, high] = [Math.min(...known), Math.max(...known)]
  return values
    .map((value) => {
      if (value === undefined) return ' '
      const share = high === low ? 0.5 : (value - low) / (high - low)
      return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))]!
    })
    .join('')
}

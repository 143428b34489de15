import type { RunReport } from '../../src/files/run-report.ts'
import type { RunMetrics } from '../../src/metrics/summary-types.ts'
import { mainThroughput } from '../../src/verdict/standing-run.ts'
import type { BenchRuns } from '../bench-runs.ts'
import { formatMeasured, formatShare } from '../figures.ts'
import { runStateOf } from '../outcome.ts'
import type { Style } from './style.ts'
import { renderTable } from './table.ts'
import type { Cell } from './table.ts'

type Column = readonly [title: string, figure: (metrics: RunMetrics) => number | undefined]

const COLUMNS: readonly Column[] = [
  ['output tok/s', (metrics) => (metrics.kind === 'requests' ? metrics.outputTokensPerSecond : undefined)],
  ['req/s', (metrics) => (metrics.kind === 'requests' ? metrics.requestsPerSecond : undefined)],
  ['overall tok/s', (metrics) => (metrics.kind === 'oneBatch' ? mainThroughput(metrics) : undefined)],
  ['TTFT p50', (metrics) => (metrics.kind === 'requests' ? metrics.ttft?.p50 : undefined)],
  ['TPOT p50', (metrics) => (metrics.kind === 'requests' ? metrics.tpot?.p50 : undefined)],
  ['E2E p50', (metrics) => (metrics.kind === 'requests' ? metrics.e2e?.p50 : undefined)],
]

/** A line for each repeat and one for how far they lie apart; the one that stands for all is marked `>`. */
export function renderRepeats({ runs, standing }: BenchRuns, style: Style): string[] {
  const columns = COLUMNS.filter(([, figure]) => runs.some(({ metrics }) => figure(metrics) !== undefined))
  const rows = runs.map((run, i): Cell[] => [
    { text: `${run === standing ? '>' : ' '} run ${i + 1}` },
    ...columns.map(([, figure]) => ({ text: cell(figure(run.metrics)) })),
  ])
  const apart = columns.map(([, figure]) => spread(runs.flatMap(({ metrics, partial }) => (partial ? [] : (figure(metrics) ?? [])))))
  const table = renderTable(
    ['', ...columns.map(([title]) => title)],
    [...rows, [{ text: '  spread' }, ...apart.map((text) => ({ text }))]],
    style,
  )
  return table.map((line, i) => `  ${line}${markOf(runs[i - 1], style)}`.trimEnd())
}

function cell(value: number | undefined): string {
  return value === undefined ? '–' : formatMeasured(value)
}

/** Between the largest and the smallest, as a share of their mean. */
function spread(values: readonly number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.length < 2 || !(mean > 0) ? '–' : formatShare((Math.max(...values) - Math.min(...values)) / mean)
}

function markOf(run: RunReport | undefined, style: Style): string {
  const state = run === undefined ? 'valid' : runStateOf(run)
  return state === 'valid' ? '' : `  ${(state === 'degraded' ? style.warn : style.bad)(state)}`
}

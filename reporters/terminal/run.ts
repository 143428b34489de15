import { posix } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { counted } from '../../src/counted.ts'
import { percentileFloor, percentileOf, sampleShortage } from '../../src/metrics/percentiles.ts'
import type { RunReport } from '../../src/files/run-report.ts'
import type { BatchMetrics, Distribution, RateMetrics, RequestMetrics } from '../../src/metrics/summary-types.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { isUnfinished } from '../bench-runs.ts'
import type { BenchRuns } from '../bench-runs.ts'
import { formatMeasured, formatNumber, formatShare } from '../figures.ts'
import { caseName, clientText, targetText, tokensText, workloadText } from '../run-facts.ts'
import { firstLine, plainText, shorten, wrap } from '../text.ts'
import { renderRepeats } from './repeats.ts'
import type { Style } from './style.ts'
import { renderTable } from './table.ts'
import type { Cell } from './table.ts'
import { renderVerdicts } from './verdicts.ts'

const COLUMNS = ['mean', 'p50', 'p90', 'p99', 'max'] as const

/**
 * Everything that the terminal shows of a run; no line is wider than the style's columns.
 * @param bench all its repeats, where it stands for several
 */
export function renderRun(report: RunReport, verdicts: readonly Verdict[], style: Style, bench?: BenchRuns): string[] {
  const { metrics } = report
  const repeated = bench !== undefined && report.repeat !== undefined ? bench : undefined
  return [
    ...title(report, style, repeated),
    '',
    ...(metrics.kind === 'oneBatch' ? batchLines(metrics, style) : [...latencyTable(metrics, style), ...rateLines(metrics, style)]),
    ...(repeated === undefined ? [] : ['', ...renderRepeats(repeated, style)]),
    ...(verdicts.length === 0 ? [] : ['', ...renderVerdicts(verdicts, style)]),
    '',
    ...factLines(report, style, repeated?.runs ?? [report]),
  ]
}

function title(report: RunReport, style: Style, repeated: BenchRuns | undefined): string[] {
  const marks = [
    ...(repeated === undefined ? [] : [repeatsText(repeated)]),
    ...(report.partial || (repeated !== undefined && isUnfinished(repeated)) ? [style.warn('PARTIAL')] : []),
    ...validityMark(report, style),
    ...(report.attempt === 0 ? [] : [style.warn(`attempt ${report.attempt + 1}`)]),
  ]
  const [first = '', ...rest] = wrap(firstLine(report.bench), style.columns - 24)
  return [
    [style.bold(first), ...marks].join('  '),
    ...rest.map((line) => style.bold(line)),
    ...[workloadText(report.workload), targetText(report)].flatMap((text) =>
      wrap(text, style.columns - 2).map((line) => `  ${style.dim(line)}`),
    ),
  ]
}

/** How many runs there are of those that there were to be, and which one's figures follow. */
function repeatsText({ runs, standing }: BenchRuns): string {
  const { min } = standing.workload.repeats
  const count = runs.length < min ? `${runs.length} of ${min} runs` : counted(runs.length, 'run')
  return runs.length === 1 ? count : `${count}, run ${runs.indexOf(standing) + 1} shown (median throughput)`
}

function validityMark({ metrics }: RunReport, style: Style): string[] {
  const validity = metrics.kind === 'requests' ? metrics.client?.validity : undefined
  if (validity === undefined || validity === 'valid') return []
  return [validity === 'degraded' ? style.warn('DEGRADED') : style.bad('CLIENT-BOUND')]
}

function latencyTable(metrics: RequestMetrics, style: Style): string[] {
  const { ttft, ttfo, tpot, itl, e2e, fromSchedule, scheduleDelay } = metrics
  const rows = [
    latencyRow('TTFT', ttft),
    // Without reasoning the first answer token is the first token.
    latencyRow('TTFO', ttfo?.mean === ttft?.mean ? undefined : ttfo),
    latencyRow('TPOT', tpot),
    latencyRow(metrics.itlBetween === 'chunks' ? 'ITL (chunks)' : 'ITL', itl),
    latencyRow('E2E', e2e),
    latencyRow('TTFT from schedule', fromSchedule?.ttft),
    latencyRow('E2E from schedule', fromSchedule?.e2e),
    latencyRow('schedule delay', fromSchedule === undefined ? undefined : scheduleDelay),
  ].flat()
  if (rows.length === 0) return []
  return [...renderTable(['ms', ...COLUMNS], rows, style).map((line) => `  ${line}`), ...footnote(rows, style), '']
}

function latencyRow(name: string, values: Distribution | undefined): Cell[][] {
  if (values === undefined) return []
  const cells = COLUMNS.map((column) => ({
    text: formatMeasured(values[column]),
    doubtful: sampleShortage(values, column) !== undefined,
  }))
  return [[{ text: name }, ...cells]]
}

function footnote(rows: readonly (readonly Cell[])[], style: Style): string[] {
  const doubted = COLUMNS.filter((_, column) => rows.some((row) => row[column + 1]?.doubtful === true))
  if (doubted.length === 0) return []
  const needs = doubted.map((column) => `${column} needs ${formatNumber(percentileFloor(percentileOf(column)!))}`)
  return [`  ${style.dim(`* too few requests to support the figure: ${needs.join(', ')}`)}`]
}

function rateLines(metrics: RequestMetrics, style: Style): string[] {
  const { requests, completed, failed, successRate, inputTokens, outputTokens, wallSeconds, e2e, steady, perUserTokensPerSecond } = metrics
  const failures = failed === 0 ? [] : [style.bad(`${formatNumber(failed)} failed`)]
  const success = `${formatNumber(completed)} of ${formatNumber(requests)} completed${requests === 0 ? '' : ` (${formatShare(successRate)})`}`
  return [
    join(style, success, ...failures, `${formatNumber(wallSeconds)} s`),
    join(style, ...rateTexts(metrics)),
    join(
      style,
      ...(inputTokens === undefined ? [] : [`${formatNumber(inputTokens)} tokens in`]),
      ...(outputTokens === undefined ? [] : [`${formatNumber(outputTokens)} tokens out`]),
      ...(perUserTokensPerSecond === undefined ? [] : [`${formatNumber(perUserTokensPerSecond.mean)} tok/s per user`]),
      // Little's law: what completed requests spent in flight, spread over the wall time.
      ...(e2e === undefined ? [] : [`${formatNumber((completed * e2e.mean) / 1000 / wallSeconds)} in flight on average`]),
    ),
    ...(metrics.connect === undefined ? [] : [join(style, connectText(metrics.connect))]),
    ...(steady === undefined ? [] : [join(style, `steady ${formatNumber(steady.seconds)} s`, ...rateTexts(steady))]),
  ].flat()
}

function connectText({ count, median, max }: Distribution): string {
  const opened = `${counted(count, 'connection')} opened, in ${formatNumber(median)} ms`
  return count === 1 ? opened : `${opened} (median), ${formatNumber(max)} ms at most`
}

function rateTexts({ requestsPerSecond, outputTokensPerSecond, totalTokensPerSecond }: RateMetrics): string[] {
  return [
    ...(requestsPerSecond === undefined ? [] : [`${formatNumber(requestsPerSecond)} req/s`]),
    ...(outputTokensPerSecond === undefined ? [] : [`output ${formatNumber(outputTokensPerSecond)} tok/s`]),
    ...(totalTokensPerSecond === undefined ? [] : [`total ${formatNumber(totalTokensPerSecond)} tok/s`]),
  ]
}

/** Facts side by side, on as many lines as they need. */
function join(style: Style, ...facts: string[]): string[] {
  const lines: string[][] = []
  let width = 0
  for (const fact of facts) {
    const needed = stripVTControlCharacters(fact).length
    if (lines.length === 0 || width + 3 + needed > style.columns - 2) {
      lines.push([fact])
      width = needed
    } else {
      lines.at(-1)!.push(fact)
      width += 3 + needed
    }
  }
  return lines.map((line) => `  ${line.join(style.dim(' · '))}`)
}

const BATCH_HEADS = [
  ['batch', 'in', 'out', 'prefill ms', 'prefill tok/s', 'decode ms', 'decode tok/s', 'overall tok/s'],
  ['batch', 'in', 'out', 'prefill', 'tok/s', 'decode', 'tok/s', 'overall'],
] as const

function batchLines({ cases, agreement }: BatchMetrics, style: Style): string[] {
  const rows = cases.map((one) =>
    [
      one.batch,
      one.inputLength,
      one.outputLength,
      one.prefillLatency,
      one.prefillTokensPerSecond,
      one.medianDecodeLatency,
      one.decodeTokensPerSecond,
      one.overallTokensPerSecond,
    ].map((value) => ({ text: value === undefined ? '–' : formatNumber(value) })),
  )
  const skipped = cases.filter((one) => one.skipped !== undefined).map((one) => `${caseName(one)} skipped: ${one.skipped}`)
  const [wide, narrow] = BATCH_HEADS
  const table = renderTable(wide, rows, style)
  const fits = table.every((line) => stripVTControlCharacters(line).length <= style.columns - 2)
  return [
    ...(fits ? table : renderTable(narrow, rows, style)).map((line) => `  ${line}`),
    `  ${style.dim(`decode: the median step${fits ? '' : '; prefill and decode in ms, overall in tok/s'}`)}`,
    ...(agreement === undefined ? [] : [`  batched and single greedy decoding agree on ${formatShare(agreement)} of tokens`]),
    ...skipped.flatMap((text) => wrap(text, style.columns - 2).map((line) => `  ${style.warn(line)}`)),
  ]
}

function factLines(report: RunReport, style: Style, runs: readonly RunReport[]): string[] {
  const { metrics } = report
  const tokens = tokensText(report)
  return [
    ...(tokens === undefined ? [] : fact('tokens', tokens, style)),
    ...(metrics.kind === 'oneBatch'
      ? []
      : [
          ...fact('dataset', datasetText(metrics), style),
          ...clientLines(metrics, style),
          ...metrics.errors.flatMap(({ kind, count, example }) =>
            fact('errors', `${formatNumber(count)} × ${kind}, e.g. ${shorten(firstLine(example), 300)}`, style, style.bad),
          ),
        ]),
    ...(metrics.kind === 'requests' ? oneReadFact(metrics, style) : []),
    ...report.notes.flatMap((note) => fact('note', note, style, style.warn)),
    ...(report.partial ? fact('note', 'PARTIAL: the run was cut short; the figures are of what was done by then', style, style.warn) : []),
    // The results folder is named once, at the end of the run.
    ...fact('files', runs.map(({ folder }) => posix.basename(folder)).join(', '), style),
  ]
}

function clientLines(metrics: RequestMetrics, style: Style): string[] {
  const text = clientText(metrics)
  return text === undefined ? [] : fact('client', text, style, metrics.client?.validity === 'valid' ? style.dim : style.warn)
}

function oneReadFact({ answersInOneRead, completed }: RequestMetrics, style: Style): string[] {
  if (answersInOneRead === undefined) return []
  const share = `${formatNumber(answersInOneRead)} of ${formatNumber(completed)}`
  return fact('note', `${share} answers came in one read of the socket: nothing is known of their TPOT and ITL`, style, style.warn)
}

function datasetText({ dataset }: RequestMetrics): string {
  return `${dataset.name}, ${counted(dataset.rows, 'row')}${dataset.wrapped ? ', fewer than requests: rows were used again' : ''}`
}

function fact(name: string, text: string, style: Style, paint = style.dim): string[] {
  return wrap(plainText(text), style.columns - 11).map((line, i) => `  ${style.dim((i === 0 ? name : '').padEnd(9))}${paint(line)}`)
}

import { counted } from '../src/counted.ts'
import { needsEngine } from '../src/dsl/workload-spec.ts'
import type { WorkloadSpec } from '../src/dsl/workload-spec.ts'
import type { RunReport } from '../src/files/run-report.ts'
import type { TokenSource, TokenSources } from '../src/metrics/record.ts'
import { BATCH_FIGURES, LATENCIES, RATES } from '../src/metrics/metric-names.ts'
import { STATISTICS } from '../src/metrics/percentiles.ts'
import type {
  BatchCaseMetrics,
  Distribution,
  LatencyMetrics,
  RateMetrics,
  RequestMetrics,
  RunMetrics,
} from '../src/metrics/summary-types.ts'
import { formatNumber, formatShare } from './figures.ts'

/** One figure of a run under the name that it has in code. */
export interface Figure {
  name: string
  value: number
  /** `ms` where the name does not say the unit itself. */
  unit: 'ms' | ''
}

/** All figures of a run, flat. */
export function figuresOf(metrics: RunMetrics): Figure[] {
  if (metrics.kind === 'oneBatch') return [...metrics.cases.flatMap(batchFigures), ...figure('agreement', metrics.agreement, '')]
  return [
    ...counts(metrics, ['requests', 'completed', 'failed', 'successRate', 'wallSeconds', 'inputTokens', 'outputTokens']),
    ...rates('', metrics),
    ...latencies('', metrics),
    ...distribution('perUserTokensPerSecond', metrics.perUserTokensPerSecond, ''),
    ...distribution('scheduleDelay', metrics.scheduleDelay, 'ms'),
    ...distribution('connect', metrics.connect, 'ms'),
    ...distribution('inputLength', metrics.inputLength, ''),
    ...distribution('outputLength', metrics.outputLength, ''),
    ...distribution('fromSchedule.ttft', metrics.fromSchedule?.ttft, 'ms'),
    ...distribution('fromSchedule.e2e', metrics.fromSchedule?.e2e, 'ms'),
    ...(metrics.steady === undefined
      ? []
      : [
          { name: 'steady.seconds', value: metrics.steady.seconds, unit: '' as const },
          { name: 'steady.completed', value: metrics.steady.completed, unit: '' as const },
          ...rates('steady.', metrics.steady),
          ...latencies('steady.', metrics.steady),
        ]),
    ...clientFigures(metrics),
  ]
}

/** What a case of a static batch is called: `8×1024→1`. */
export function caseName(batchCase: Pick<BatchCaseMetrics, 'batch' | 'inputLength' | 'outputLength'>): string {
  return `${batchCase.batch}×${batchCase.inputLength}→${batchCase.outputLength}`
}

function batchFigures(batchCase: BatchCaseMetrics): Figure[] {
  return BATCH_FIGURES.flatMap((metric) =>
    figure(`${metric}[${caseName(batchCase)}]`, batchCase[metric], metric.endsWith('Latency') ? 'ms' : ''),
  )
}

function counts<Name extends string>(metrics: Partial<Record<Name, number>>, names: readonly Name[]): Figure[] {
  return names.flatMap((name) => figure(name, metrics[name], ''))
}

function rates(prefix: string, metrics: RateMetrics): Figure[] {
  return RATES.flatMap((name) => figure(`${prefix}${name}`, metrics[name], ''))
}

function latencies(prefix: string, metrics: LatencyMetrics): Figure[] {
  return LATENCIES.flatMap((name) => distribution(`${prefix}${name}`, metrics[name], 'ms'))
}

function distribution(name: string, values: Distribution | undefined, unit: Figure['unit']): Figure[] {
  if (values === undefined) return []
  return [
    ...figure(`${name}.count`, values.count, ''),
    ...STATISTICS.flatMap((statistic) => figure(`${name}.${statistic}`, values[statistic], unit)),
  ]
}

function figure(name: string, value: number | undefined, unit: Figure['unit']): Figure[] {
  return value === undefined ? [] : [{ name, value, unit }]
}

/** How the run's client fared, in one line; undefined where an engine was driven without one. */
export function clientText({ client }: RequestMetrics): string | undefined {
  if (client === undefined) return undefined
  const { validity, reasons, lag, stalls, connections } = client
  if (reasons.length > 0) return `${validity}: ${reasons.join('; ')}`
  return list(
    validity,
    lag === undefined ? '' : `at most ${formatNumber(lag.p99)} ms late at p99`,
    stalls.count === 0 ? '' : `longest stall ${formatNumber(stalls.longestMs)} ms`,
    cpuText(client),
    `${number(connections)} connections`,
  )
}

function cpuText({ workers, cores }: NonNullable<RequestMetrics['client']>): string {
  const shares = workers.flatMap(({ cpuShare }) => cpuShare ?? [])
  if (shares.length === 0) return workers.length === 1 ? '' : counted(workers.length, 'worker')
  const busiest = formatShare(Math.max(...shares))
  if (workers.length === 1) return `${busiest} of one of ${number(cores)} cores`
  return `${counted(workers.length, 'worker')}, the busiest at ${busiest} of one of ${number(cores)} cores`
}

/** What the client measured of itself, flat. */
function clientFigures({ client }: RequestMetrics): Figure[] {
  if (client === undefined) return []
  const { lag, lateness, stalls, gc, rate, concurrency, workers, connections, openedAhead, cores, openFiles } = client
  const delays = (name: string, values: { p50: number; p99: number; max: number } | undefined): Figure[] =>
    values === undefined ? [] : (['p50', 'p99', 'max'] as const).flatMap((key) => figure(`client.${name}.${key}`, values[key], 'ms'))
  return [
    ...delays('lag', lag),
    ...delays('lateness', lateness),
    ...[
      { name: 'stalls', ...stalls },
      { name: 'gc', ...gc },
    ].flatMap(({ name, count, longestMs, totalMs }) => [
      ...figure(`client.${name}.count`, count, ''),
      ...figure(`client.${name}.longest`, longestMs, 'ms'),
      ...figure(`client.${name}.total`, totalMs, 'ms'),
    ]),
    ...figure('client.rate.asked', rate?.asked, ''),
    ...figure('client.rate.achieved', rate?.achieved, ''),
    ...figure('client.concurrency.asked', concurrency.asked, ''),
    ...figure('client.concurrency.achieved', concurrency.achieved, ''),
    ...figure('client.workers', workers.length, ''),
    ...workers.flatMap(({ cpuShare, utilization }, i) => [
      ...figure(`client.cpuShare[${i}]`, cpuShare, ''),
      ...figure(`client.utilization[${i}]`, utilization, ''),
    ]),
    ...figure('client.cores', cores, ''),
    ...figure('client.connections', connections, ''),
    ...figure('client.openedAhead', openedAhead, ''),
    ...figure('client.openFiles', openFiles, ''),
  ]
}

/** What answered, in one line. */
export function targetText(run: RunReport): string {
  const { kind, address, model, version } = run.target
  return [kind, version, address, model].filter((part) => part !== undefined && part !== '').join(' · ')
}

/** Who counted the tokens, in words; undefined for one-batch runs, whose lengths are given. */
export function tokensText({ metrics, workload }: RunReport): string | undefined {
  if (metrics.kind === 'oneBatch') return undefined
  const { tokens } = metrics
  const itself = needsEngine(workload) || workload.engine !== undefined ? 'the engine' : 'the server'
  if (tokens.input === 'server' && tokens.output === 'server') return `counted by ${itself}`
  return `output counts ${counter(tokens.output, tokens, itself)}, input counts ${counter(tokens.input, tokens, itself)}`
}

function counter(source: TokenSource, { tokenizer }: TokenSources, itself: string): string {
  const named = tokenizer === undefined ? '' : ` ${tokenizer}`
  return {
    server: `by ${itself}`,
    tokenizer: `by the tokenizer${named}`,
    bundled: `by the bundled tokenizer${named}, which may not be ${itself}'s`,
    chunks: 'are of chunks, each of which may hold several tokens or none',
  }[source]
}

/** The load, in words. */
export function workloadText(workload: WorkloadSpec): string {
  switch (workload.kind) {
    case 'clients':
      return list(
        counted(workload.n, 'client'),
        `ramp-up ${number(workload.rampUp)} s`,
        amount(workload),
        workload.stopAfter === undefined ? '' : `none sent after ${number(workload.stopAfter)} s`,
        turns(workload.turns),
      )
    case 'requestRate':
      return list(`${number(workload.rate)} req/s ${workload.distribution}`, amount(workload), limited(workload.maxConcurrency))
    case 'rollout':
      return list(
        `rollout in batches of ${number(workload.batch)} × ${number(workload.n)}`,
        workload.limit === undefined ? '' : counted(workload.limit, 'prompt'),
        limited(workload.maxConcurrency),
      )
    case 'offline':
      return list('offline', amount(workload))
    default:
      return 'one static batch'
  }
}

function amount({ requests, duration }: { requests?: number | undefined; duration?: number | undefined }): string {
  if (requests !== undefined) return counted(requests, 'request')
  return duration === undefined ? '' : `${number(duration)} s`
}

function turns(count: number): string {
  return count > 1 ? `${number(count)} turns each` : ''
}

function limited(concurrency: number | undefined): string {
  return concurrency === undefined ? '' : `at most ${number(concurrency)} in flight`
}

function list(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(', ')
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}

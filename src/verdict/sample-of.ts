import { METRICS, readDistribution, readMetric } from '../metrics/metric-names.ts'
import type { MetricDefinition, MetricName } from '../metrics/metric-names.ts'
import { sampleShortage } from '../metrics/percentiles.ts'
import { present } from '../metrics/present.ts'
import type { RequestRecord } from '../metrics/record.ts'
import type { BatchMetrics, RequestMetrics, RunMetrics } from '../metrics/summary-types.ts'
import { labelled } from './case-labels.ts'
import { qualityFigures } from './quality.ts'
import { SAMPLE_VERSION } from './run-sample.ts'
import type { BinnedName, FigureSample, RunSample } from './run-sample.ts'
import { relativeRateErrors } from './statistics/rate-errors.ts'
import { WithinRun } from './statistics/within-run.ts'

/** What a sample is made of. */
export interface SampledRun extends Pick<RunSample, 'bench' | 'startedAt' | 'cohort' | 'partial'> {
  readonly metrics: RunMetrics
  /** The single requests, which tell of the figures' errors and spread; absent for a static batch. */
  readonly requests?: SampledRequests | undefined
}

type SampledRequests = Pick<RequestRecord, 'columns' | 'steadyNs' | 'startNs' | 'endNs'>

/** Reduces a run to what another run is compared with. */
export function sampleOf({ metrics, requests, ...run }: SampledRun): RunSample {
  const client = metrics.kind === 'requests' ? metrics.client : undefined
  const told = metrics.kind === 'requests' && requests !== undefined ? toldByRequests(metrics, requests) : undefined
  return {
    version: SAMPLE_VERSION,
    ...run,
    ...present({ validity: client?.validity, reasons: client === undefined || client.reasons.length === 0 ? undefined : client.reasons }),
    figures: metrics.kind === 'requests' ? requestFigures(metrics, told?.errors) : batchFigures(metrics),
    ...present({ distributions: told?.distributions }),
  }
}

function requestFigures(metrics: RequestMetrics, errors: ReadonlyMap<string, number> = new Map()): Record<string, FigureSample> {
  const figures: Record<string, FigureSample> = {}
  for (const metric of METRICS.values()) {
    const value = metric.of === 'requests' ? readMetric(metrics, metric.name) : undefined
    if (value === undefined) continue
    const of = metric.name === 'successRate' ? metrics.requests : undefined
    figures[metric.name] = { value, ...present({ standardError: errors.get(metric.name), of, fewSamples: shortageOf(metrics, metric) }) }
  }
  return { ...figures, ...qualityFigures(metrics) }
}

const BINNED: ReadonlySet<string> = new Set<BinnedName>(['ttft', 'tpot', 'itl', 'e2e'])

/** Standard errors by the figures' names, and how the requests are spread. */
function toldByRequests(
  metrics: RequestMetrics,
  { columns, steadyNs, startNs, endNs }: SampledRequests,
): { errors: ReadonlyMap<string, number>; distributions: RunSample['distributions'] } {
  const errors = new Map<string, number>()
  const distributions: NonNullable<RunSample['distributions']> = {}
  const within = new WithinRun({ columns, steadyNs })
  for (const name of new Set([...METRICS.values()].flatMap(({ distribution }) => distribution ?? []))) {
    const known = readDistribution(metrics, name)
    if (known === undefined) continue
    const sample = within.sampleOf(name, known)
    for (const [statistic, error] of Object.entries(sample.errors())) errors.set(`${name}.${statistic}`, error)
    if (BINNED.has(name)) distributions[name as BinnedName] = sample.histogram.toBinnedSample()
  }
  if (metrics.outputLength !== undefined) distributions.outputLength = within.outputLengths().toBinnedSample()
  for (const [name, error] of Object.entries(relativeRateErrors(columns, steadyNs ?? [startNs, endNs]))) {
    for (const rate of [name, `steady.${name}`] as MetricName[]) {
      const value = readMetric(metrics, rate)
      if (value !== undefined) errors.set(rate, error * value)
    }
  }
  const ofSuccess = within.successRateError()
  if (ofSuccess !== undefined) errors.set('successRate', ofSuccess)
  return { errors, distributions }
}

function batchFigures({ cases, agreement }: BatchMetrics): Record<string, FigureSample> {
  const figures: Record<string, FigureSample> = {}
  for (const metric of METRICS.values()) {
    if (metric.of !== 'oneBatch') continue
    for (const { figures: ofCase, label } of labelled(cases)) {
      const value = readMetric(ofCase, metric.name)
      if (value !== undefined) figures[`${metric.name}${label}`] = { value }
    }
  }
  if (agreement !== undefined) figures['agreement'] = { value: agreement }
  return figures
}

function shortageOf(metrics: RequestMetrics, { distribution, statistic }: MetricDefinition): FigureSample['fewSamples'] {
  const sample = distribution && readDistribution(metrics, distribution)
  return sample === undefined || statistic === undefined ? undefined : sampleShortage(sample, statistic)
}

import { METRICS, readMetric } from '../metrics/metric-names.ts'
import type { MetricDefinition } from '../metrics/metric-names.ts'
import { sampleShortage } from '../metrics/percentiles.ts'
import { present } from '../metrics/present.ts'
import type { BatchMetrics, Distribution, RequestMetrics, RunMetrics } from '../metrics/summary-types.ts'
import { labelled } from './case-labels.ts'
import { SAMPLE_VERSION } from './run-sample.ts'
import type { FigureSample, RunSample } from './run-sample.ts'

/** What a sample is made of. */
export interface SampledRun extends Pick<RunSample, 'bench' | 'startedAt' | 'cohort' | 'partial'> {
  readonly metrics: RunMetrics
}

/** Reduces a run to what another run is compared with. */
export function sampleOf({ metrics, ...run }: SampledRun): RunSample {
  const client = metrics.kind === 'requests' ? metrics.client : undefined
  return {
    version: SAMPLE_VERSION,
    ...run,
    ...present({ validity: client?.validity, reasons: client === undefined || client.reasons.length === 0 ? undefined : client.reasons }),
    figures: metrics.kind === 'requests' ? requestFigures(metrics) : batchFigures(metrics),
  }
}

function requestFigures(metrics: RequestMetrics): Record<string, FigureSample> {
  const figures: Record<string, FigureSample> = {}
  for (const metric of METRICS.values()) {
    const value = metric.of === 'requests' ? readMetric(metrics, metric.name) : undefined
    if (value === undefined) continue
    const fewSamples = shortageOf(metrics, metric)
    figures[metric.name] = { value, ...present({ fewSamples }) }
  }
  return figures
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
  if (distribution === undefined || statistic === undefined) return undefined
  const sample = distribution.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], metrics)
  return sample === undefined ? undefined : sampleShortage(sample as Distribution, statistic)
}

import { sampleShortage } from '../metrics/percentiles.ts'
import { present } from '../metrics/present.ts'
import type { RequestMetrics } from '../metrics/summary-types.ts'
import type { Clause } from './clause.ts'
import type { FigureSample } from './run-sample.ts'

/**
 * What tells a broken server from a fast one: how long its answers are (in tokens: their mean, and where half and nine tenths of them
 * lie), which share of requests got an empty one, and which shares of the answers ended at their length and by themselves.
 */
export function qualityFigures({ outputLength, errors, requests, completed, finishReasons }: RequestMetrics): Record<string, FigureSample> {
  const empty = errors.find(({ kind }) => kind === 'empty')?.count ?? 0
  const finished = (reason: string): FigureSample | undefined =>
    completed === 0 ? undefined : { value: (finishReasons[reason] ?? 0) / completed, of: completed }
  return present({
    'outputLength.mean': outputLength && { value: outputLength.mean, standardError: outputLength.std / Math.sqrt(outputLength.count) },
    'outputLength.p50': outputLength && { value: outputLength.p50 },
    'outputLength.p90': outputLength && { value: outputLength.p90, ...present({ fewSamples: sampleShortage(outputLength, 'p90') }) },
    emptyAnswers: requests === 0 ? undefined : { value: empty / requests, of: requests },
    'finishReasons.length': finished('length'),
    'finishReasons.stop': finished('stop'),
  })
}

/** By how much they may change in a server that is as good as before. */
export const QUALITY_CLAUSES: readonly Clause[] = [
  { metric: 'outputLength.mean', unit: '', direction: 'either', within: 0.05, guard: true },
  { metric: 'outputLength.p50', unit: '', direction: 'either', within: 0.2, guard: true },
  { metric: 'outputLength.p90', unit: '', direction: 'either', within: 0.2, guard: true, allowFewSamples: true },
  { metric: 'emptyAnswers', unit: '%', direction: 'max', within: 0.01, guard: true },
  { metric: 'finishReasons.length', unit: '%', direction: 'either', within: 0.05, guard: true },
  { metric: 'finishReasons.stop', unit: '%', direction: 'either', within: 0.05, guard: true },
]

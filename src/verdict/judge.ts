import { BATCH_FIGURES, type MetricDefinition, readDistribution, readMetric } from '../metrics/metric-names.ts'
import { percentileFloor, percentileOf, sampleShortage, STATISTICS, type Statistic } from '../metrics/percentiles.ts'
import type { BatchCaseMetrics, BatchMetrics } from '../metrics/summary-types.ts'
import { whyAbsent } from './absent.ts'
import { labelled, selectorLabel } from './case-labels.ts'
import type { ParsedSLO, SLOPart } from './check-slo.ts'
import { verdictMessage } from './format.ts'
import { goodputClaims, judgeGoodput } from './goodput.ts'
import type { CaseSelector } from './slo-types.ts'
import { type Claim, judged, type RequestSubject, type Subject, undecided } from './subject.ts'
import type { Threshold } from './threshold.ts'
import type { Verdict } from './verdict.ts'
import { worstRequests } from './worst.ts'

/**
 * Holds an SLO against a run: one verdict for each threshold (two for `{ min, max }`; for a static batch, one for each case
 * that it is about). A figure that the run lacks, or a percentile that its sample can't support, gives a verdict `error`
 * that says what to change.
 */
export function judge(slo: ParsedSLO, subject: Subject): Verdict[] {
  return slo.flatMap((part) => (isOfRequests(subject) ? judgeRequests(part, subject) : judgeBatch(part, subject as Subject<BatchMetrics>)))
}

function isOfRequests(subject: Subject): subject is RequestSubject {
  return subject.metrics.kind === 'requests'
}

function judgeRequests(part: SLOPart, subject: RequestSubject): Verdict[] {
  if (part.case) {
    const why = '`case` picks cases of oneBatch(), and this is a run of requests: leave it out'
    return claimsOf(part).map((claim) => undecided(subject, claim, why))
  }
  return [
    ...part.thresholds.map(({ metric, threshold }) => judgeFigure(metric, threshold, part.allowFewSamples, subject)),
    ...(part.goodput ? judgeGoodput(part.goodput, subject) : []),
  ]
}

/** All that a part claims, by its own words. */
function claimsOf({ thresholds, goodput }: SLOPart): Claim[] {
  return [
    ...thresholds.map(({ metric, threshold }) => ({ metric: metric.name, unit: metric.unit, threshold })),
    ...(goodput ? goodputClaims(goodput) : []),
  ]
}

function judgeFigure(metric: MetricDefinition, threshold: Threshold, allowFewSamples: boolean, subject: RequestSubject): Verdict {
  const { metrics, columns, steadyNs } = subject
  const claim: Claim = { metric: metric.name, unit: metric.unit, threshold }
  if (metric.of === 'oneBatch') return undecided(subject, claim, 'it is a figure of oneBatch(), and this is a run of requests')
  const measured = readMetric(metrics, metric.name)
  if (measured === undefined) return undecided(subject, claim, whyAbsent(subject, metric))
  const { distribution, statistic } = metric
  if (!distribution || !statistic) return judged(subject, claim, measured)

  const shortage = sampleShortage(readDistribution(metrics, distribution)!, statistic)
  if (shortage && !allowFewSamples) return undecided(subject, claim, whyTooFew(shortage, statistic))
  const verdict = judged(subject, claim, measured, shortage && { fewSamples: shortage })
  // A spread is no request's own figure, so that none is the worst of it.
  if (verdict.state === 'pass' || !columns || metric.unit !== 'ms' || statistic === 'std') return verdict
  const worst = worstRequests(columns, distribution, threshold.direction, steadyNs)
  return worst.length === 0 ? verdict : { ...verdict, worst, message: verdictMessage({ ...verdict, worst }) }
}

function whyTooFew({ have, need }: { have: number; need: number }, statistic: Statistic): string {
  const supported = STATISTICS.findLast((other) => (percentileOf(other) ?? 0) > 50 && percentileFloor(percentileOf(other)!) <= have)
  const lower = supported ? `assert ${supported} at most` : 'assert the median or the mean'
  return `${statistic} needs ${need} requests and there are ${have}: send more, ${lower}, or set allowFewSamples: true to have it judged and marked`
}

function judgeBatch(part: SLOPart, subject: Subject<BatchMetrics>): Verdict[] {
  const selected = labelled(subject.metrics.cases).filter(({ figures }) =>
    Object.entries(part.case ?? {}).every(([name, length]) => figures[name as keyof typeof part.case] === length),
  )
  const verdicts = part.thresholds.flatMap(({ metric, threshold }): Verdict[] => {
    const claimOf = (label: string): Claim => ({ metric: `${metric.name}${label}`, unit: metric.unit, threshold })
    if (metric.of !== 'oneBatch') {
      return [undecided(subject, claimOf(''), `oneBatch() has no such figure; it has ${[...BATCH_FIGURES, 'agreement'].join(', ')}`)]
    }
    if (metric.name === 'agreement') return [judgeAgreement(claimOf(''), subject)]
    if (selected.length === 0) {
      return [undecided(subject, claimOf(part.case ? selectorLabel(part.case) : ''), whyNoCase(part.case ?? {}, subject.metrics.cases))]
    }
    // A case of one output token has no decode step by its nature, so that "every case" can't mean it.
    const isDecode = metric.name === 'medianDecodeLatency' || metric.name === 'decodeTokensPerSecond'
    const decoding = selected.filter(({ figures }) => figures.outputLength > 1)
    return (isDecode && decoding.length > 0 ? decoding : selected).map(({ figures, label }) => {
      const measured = readMetric(figures, metric.name)
      return measured === undefined
        ? undecided(subject, claimOf(label), whyNoCaseFigure(figures, isDecode))
        : judged(subject, claimOf(label), measured)
    })
  })
  const why = 'goodput is of single requests, and oneBatch() has none'
  return [...verdicts, ...(part.goodput ? goodputClaims(part.goodput).map((claim) => undecided(subject, claim, why)) : [])]
}

/** A figure of the whole run, whatever cases are meant. */
function judgeAgreement(claim: Claim, subject: Subject<BatchMetrics>): Verdict {
  const { agreement } = subject.metrics
  return agreement === undefined
    ? undecided(subject, claim, 'it is measured by oneBatch({ correctness: true }) alone')
    : judged(subject, claim, agreement)
}

function whyNoCase(selector: CaseSelector, cases: readonly BatchCaseMetrics[]): string {
  if (cases.length === 0) return 'the run has no case'
  const names = Object.keys(selector) as (keyof CaseSelector)[]
  const wanted = names.map((name) => `${name} ${selector[name]}`)
  const has = names.map((name) => `${name} ${[...new Set(cases.map((figures) => figures[name]))].join(', ')}`)
  return `no case has ${wanted.join(' and ')}; the run has ${has.join(' and ')}`
}

function whyNoCaseFigure({ skipped, outputLength }: BatchCaseMetrics, isDecode: boolean): string {
  if (skipped !== undefined) return `the case was skipped (${skipped}): leave it out of the workload, or name the cases that are meant`
  if (isDecode && outputLength === 1) return 'an output of one token has no decode step: raise outputLength'
  return 'the engine did not report all of its steps'
}

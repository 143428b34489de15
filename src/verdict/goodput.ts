import type { RequestColumns } from '../metrics/columns.ts'
import { cameInOneRead, isCompleted } from '../metrics/latencies.ts'
import { type LatencyName, METRICS } from '../metrics/metric-names.ts'
import { whyAbsent } from './absent.ts'
import type { ParsedGoodput } from './check-slo.ts'
import { type Claim, judged, type RequestSubject, undecided } from './subject.ts'
import { holds } from './threshold.ts'
import type { Verdict } from './verdict.ts'
import { LATENCY_FIGURES } from './worst.ts'

/**
 * Judges goodput: completed requests that meet all of the limits, as a share of the requests started and as requests per
 * second of wall time.
 *
 * Source of the notion: Zhong et al., "DistServe" (OSDI 2024), and vLLM's serving benchmark (`--goodput`).
 */
export function judgeGoodput(goodput: ParsedGoodput, subject: RequestSubject): Verdict[] {
  const claims = goodputClaims(goodput)
  const { columns } = subject
  if (!columns) return claims.map((claim) => undecided(subject, claim, 'the single requests of this run are not at hand'))
  const absent = goodput.limits.find(({ latency }) => !isKnown(subject, columns, latency))
  if (absent) {
    const why = whyAbsent(subject, METRICS.get(`${absent.latency}.max`)!)
    return claims.map((claim) => undecided(subject, claim, why))
  }
  let good = 0
  for (let i = 0; i < columns.length; i++) if (isCompleted(columns, i) && meetsAll(goodput, columns, i)) good++
  return claims.map((claim) => {
    const of = claim.unit === '%' ? subject.metrics.requests : subject.metrics.wallSeconds
    return of > 0 ? judged(subject, claim, good / of) : undecided(subject, claim, 'the load took no time')
  })
}

/** What a goodput clause claims; the limits of each request stand with every threshold. */
export function goodputClaims({ limits, share, rate }: ParsedGoodput): Claim[] {
  const condition = limits.map(({ latency, threshold }) => `${latency} ${threshold.text}`).join(', ')
  return [
    ...share.map((threshold) => ({ metric: 'goodput.share', unit: '%' as const, threshold, condition })),
    ...rate.map((threshold) => ({ metric: 'goodput.rate', unit: 'req/s' as const, threshold, condition })),
  ]
}

/** Whether any request can be held against a limit on this latency. */
function isKnown({ metrics }: RequestSubject, columns: RequestColumns, latency: LatencyName): boolean {
  if (metrics[latency]) return true
  // Nothing but answers of one token, or that came all at once, leaves TPOT and ITL without a sample, but each of these answers meets a limit on them.
  return metrics.ttft !== undefined && columns.completed.some((completed, i) => completed === 1 && isExempt(columns, i, latency))
}

function meetsAll({ limits }: ParsedGoodput, columns: RequestColumns, request: number): boolean {
  return limits.every(({ latency, threshold }) => {
    // An unknown figure is NaN, which holds against nothing.
    return holds(LATENCY_FIGURES[latency](columns, request), threshold) || isExempt(columns, request, latency)
  })
}

/** Whether an answer has no such latency, being too short for one or there all at once: its user did not wait between tokens. */
function isExempt(columns: RequestColumns, request: number, latency: LatencyName): boolean {
  if (latency === 'tpot') return columns.outputTokens[request] === 1 || cameInOneRead(columns, request)
  return latency === 'itl' && columns.gapOffsets[request] === columns.gapOffsets[request + 1]
}

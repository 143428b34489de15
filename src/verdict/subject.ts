import type { RequestColumns } from '../metrics/columns.ts'
import type { RequestMetrics, RunMetrics } from '../metrics/summary-types.ts'
import { verdictMessage } from './format.ts'
import { holds, marginOf, type Threshold } from './threshold.ts'
import type { Unit, Verdict } from './verdict.ts'

/** One run, as it stands before its judge. */
export interface Subject<Metrics extends RunMetrics = RunMetrics> {
  /** Name of the bench. */
  readonly bench: string
  /** Retry attempt of the test, from 0. */
  readonly attempt: number
  readonly metrics: Metrics
  /** The single requests: goodput needs them, and the worst ones are named from them. */
  readonly columns?: RequestColumns | undefined
  /** The record's steady window; the worst requests of `steady.*` are named from it. */
  readonly steadyNs?: readonly [startNs: number, endNs: number] | undefined
  /** Whether the load was open loop; tells why figures from the schedule are absent. */
  readonly openLoop?: boolean | undefined
}

/** A run of requests before its judge. */
export type RequestSubject = Subject<RequestMetrics>

/** One threshold's place in a verdict. */
export interface Claim {
  /** As it is shown: `ttft.p99`, `prefillTokensPerSecond[batch 8, in 1024, out 1]`. */
  readonly metric: string
  readonly unit: Unit
  readonly threshold: Threshold
  /** What else the threshold's text says: the limits of goodput. */
  readonly condition?: string
}

/** The verdict on a figure that was measured. */
export function judged(subject: Subject, claim: Claim, measured: number, marks: Pick<Verdict, 'worst' | 'fewSamples'> = {}): Verdict {
  const { threshold } = claim
  const margin = marginOf(measured, threshold)
  const verdict = {
    ...claimFields(subject, claim),
    state: holds(measured, threshold) ? ('pass' as const) : ('fail' as const),
    measured,
    ...(margin === undefined ? {} : { margin }),
    ...marks,
  }
  return { ...verdict, message: verdictMessage(verdict) }
}

/** The verdict that there can't be one. */
export function undecided(subject: Subject, claim: Claim, why: string): Verdict {
  const fields = claimFields(subject, claim)
  return { ...fields, state: 'error', message: `${fields.threshold} can't be judged: ${why}` }
}

function claimFields(
  { bench, attempt }: Subject,
  { metric, unit, threshold, condition }: Claim,
): Pick<Verdict, 'bench' | 'attempt' | 'metric' | 'threshold' | 'direction' | 'limit' | 'unit'> {
  const text = `${metric} ${threshold.text}${condition === undefined ? '' : ` (${condition})`}`
  return { bench, metric, threshold: text, direction: threshold.direction, limit: threshold.limit, unit, attempt }
}

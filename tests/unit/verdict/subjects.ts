import type { BatchCase, RequestRecord } from '../../../src/metrics/record.ts'
import { summarize } from '../../../src/metrics/summarize.ts'
import type { RequestMetrics } from '../../../src/metrics/summary-types.ts'
import { checkSLO, judge, type SLO, type Subject } from '../../../src/verdict/slo.ts'
import type { Verdict } from '../../../src/verdict/verdict.ts'
import { recordOf, type Sketch } from '../metrics/records.ts'

/** A run of the sketched requests, before its judge. */
export function subjectOf(sketches: readonly Sketch[], facts: Partial<RequestRecord> = {}): Subject<RequestMetrics> {
  const record = recordOf(sketches, facts)
  const metrics = summarize(record) as RequestMetrics
  return { bench: 'chat', attempt: 0, metrics, columns: record.columns, steadyNs: record.steadyNs, openLoop: record.openLoop }
}

/** A static batch's run, before its judge. */
export function batchSubjectOf(cases: readonly BatchCase[]): Subject {
  return { bench: 'static', attempt: 1, metrics: summarize({ kind: 'oneBatch', cases, notes: [], partial: false }) }
}

/** An SLO's verdicts. */
export function judgeSLO(slo: SLO | readonly SLO[], subject: Subject): Verdict[] {
  return judge(checkSLO(slo), subject)
}

/** The verdict of an SLO that has but one threshold. */
export function judgeOne(slo: SLO, subject: Subject): Verdict {
  const verdicts = judgeSLO(slo, subject)
  if (verdicts.length !== 1) throw new Error(`one verdict was expected and ${verdicts.length} came`)
  return verdicts[0]!
}

/** What the verdicts come to as one assertion. */
export function outcomeOf(verdicts: readonly Verdict[]): Verdict['state'] {
  return (['error', 'fail'] as const).find((state) => verdicts.some((verdict) => verdict.state === state)) ?? 'pass'
}

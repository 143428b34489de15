import type { MatcherState, SyncMatcherResult } from 'vitest'
import { LlmBenchError } from '../errors.ts'
import { SLOBreachError } from '../verdict/breach-error.ts'
import { formatBreaches } from '../verdict/breach.ts'
import { checkSLO, judgeRuns, negate } from '../verdict/slo.ts'
import type { SLO, Subject } from '../verdict/slo.ts'
import type { MeasuredOnce } from './bench-result.ts'
import { metaOf } from './meta.ts'
import { withoutOwnFrames } from './own-frames.ts'
import { receivedRun, refuseClientBound } from './received.ts'

/** `expect(run).toMeetSLO({ … })`: every threshold is judged, every verdict reaches the reports, all breaches fail together. */
export function toMeetSLO(this: MatcherState, received: unknown, slo: SLO | readonly SLO[], ...rest: unknown[]): SyncMatcherResult {
  if (rest.length > 0) {
    throw new LlmBenchError(
      'USAGE',
      'toMeetSLO() takes one argument: `allowFewSamples: true` stands beside the thresholds, toMeetSLO({ …, allowFewSamples: true }).',
    )
  }
  const run = receivedRun(received, 'toMeetSLO()')
  const checked = checkSLO(slo)
  refuseClientBound(run)
  const judged = judgeRuns(checked, run.runs.map(subjectOf))
  const { bench } = run.standing.report
  const verdicts = this.isNot ? negate(judged) : judged
  if (this.task !== undefined) metaOf(this.task).verdicts.push(...verdicts)
  if (verdicts.some(({ state }) => state !== 'pass')) {
    throw withoutOwnFrames(new SLOBreachError(formatBreaches(bench, verdicts), verdicts))
  }
  return { pass: !this.isNot, message: () => `${bench} meets its SLO` }
}

function subjectOf({ report, requests }: MeasuredOnce): Subject {
  return {
    bench: report.bench,
    attempt: report.attempt,
    metrics: report.metrics,
    columns: requests?.columns,
    steadyNs: requests?.steadyNs,
    openLoop: requests?.openLoop,
  }
}

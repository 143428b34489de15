import type { MatcherState, SyncMatcherResult } from 'vitest'
import { show } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import type { RunReport } from '../files/run-report.ts'
import { SLOBreachError } from '../verdict/breach-error.ts'
import { formatBreaches } from '../verdict/breach.ts'
import { checkSLO, judge, negate } from '../verdict/slo.ts'
import type { SLO } from '../verdict/slo.ts'
import { measuredRun } from './bench-result.ts'
import { metaOf } from './meta.ts'
import { withoutOwnFrames } from './own-frames.ts'

/** `expect(run).toMeetSLO({ … })`: every threshold is judged, every verdict reaches the reports, all breaches fail together. */
export function toMeetSLO(this: MatcherState, received: unknown, slo: SLO | readonly SLO[], ...rest: unknown[]): SyncMatcherResult {
  if (rest.length > 0) {
    throw new LlmBenchError(
      'USAGE',
      'toMeetSLO() takes one argument: `allowFewSamples: true` stands beside the thresholds, toMeetSLO({ …, allowFewSamples: true }).',
    )
  }
  const run = measuredRun(received)
  if (run === undefined) throw new LlmBenchError('USAGE', wrongSubject(received))
  const { report, requests } = run.standing
  const checked = checkSLO(slo)
  refuseClientBound(report)
  const judged = judge(checked, {
    bench: report.bench,
    attempt: report.attempt,
    metrics: report.metrics,
    columns: requests?.columns,
    steadyNs: requests?.steadyNs,
    openLoop: requests?.openLoop,
  })
  const verdicts = this.isNot ? negate(judged) : judged
  if (this.task !== undefined) metaOf(this.task).verdicts.push(...verdicts)
  if (verdicts.some(({ state }) => state !== 'pass')) {
    throw withoutOwnFrames(new SLOBreachError(formatBreaches(report.bench, verdicts), verdicts))
  }
  return { pass: !this.isNot, message: () => `${report.bench} meets its SLO` }
}

/** Figures that are the client's own neither meet a threshold of the server's nor break it. */
function refuseClientBound({ bench, metrics, folder }: RunReport): void {
  const client = metrics.kind === 'requests' ? metrics.client : undefined
  if (client?.validity !== 'client-bound') return
  throw withoutOwnFrames(
    new LlmBenchError(
      'CLIENT_BOUND',
      `${bench} is client-bound, so that its figures are not the server's and no threshold is judged:\n` +
        `${client.reasons.map((reason) => `  - ${reason}`).join('\n')}\n` +
        'Take load off the machine that sends (other processes, the server itself), send less from it, or allow more: ' +
        `llmBench({ validity: { … } }). What was measured is in ${folder}.`,
    ),
  )
}

function wrongSubject(received: unknown): string {
  if (received instanceof Promise) return 'toMeetSLO() got a promise: await the run first, `const run = await bench(…).run()`.'
  if (typeof received === 'object' && received !== null && 'run' in received) {
    return "toMeetSLO() got a bench that has not run: `const run = await bench('name', …).run()`."
  }
  if (typeof received === 'object' && received !== null && 'latency' in received) {
    return 'toMeetSLO() got the result of an ordinary function: it takes the result of a workload such as clients() or rollout().'
  }
  return `toMeetSLO() takes the result of a workload, \`await bench('name', clients({ … })).run()\`, and got ${show(received)}.`
}

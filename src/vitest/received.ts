import { show } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import { measuredRun } from './bench-result.ts'
import type { MeasuredRun } from './bench-result.ts'
import { withoutOwnFrames } from './own-frames.ts'

/**
 * The runs of what a matcher was given.
 * @param matcher as it is called: `toMeetSLO()`
 * @throws {LlmBenchError} `USAGE` where it is no result of a workload
 */
export function receivedRun(received: unknown, matcher: string): MeasuredRun {
  const run = measuredRun(received)
  if (run === undefined) throw new LlmBenchError('USAGE', wrongSubject(received, matcher))
  return run
}

function wrongSubject(received: unknown, matcher: string): string {
  if (received instanceof Promise) return `${matcher} got a promise: await the run first, \`const run = await bench(…).run()\`.`
  if (typeof received === 'object' && received !== null && 'run' in received) {
    return `${matcher} got a bench that has not run: \`const run = await bench('name', …).run()\`.`
  }
  if (typeof received === 'object' && received !== null && 'latency' in received) {
    return `${matcher} got the result of an ordinary function: it takes the result of a workload such as clients() or rollout().`
  }
  return `${matcher} takes the result of a workload, \`await bench('name', clients({ … })).run()\`, and got ${show(received)}.`
}

/**
 * Figures that are the client's own neither keep an assertion on the server nor break it.
 * @throws {LlmBenchError} `CLIENT_BOUND`
 */
export function refuseClientBound({ runs }: MeasuredRun): void {
  for (const { report } of runs) {
    const client = report.metrics.kind === 'requests' ? report.metrics.client : undefined
    if (client?.validity !== 'client-bound') continue
    const { bench, repeat, folder } = report
    const which = repeat === undefined ? bench : `Run ${repeat.index + 1} of ${bench}`
    const error = new LlmBenchError(
      'CLIENT_BOUND',
      `${which} is client-bound, so that its figures are not the server's and nothing is judged:\n` +
        `${client.reasons.map((reason) => `  - ${reason}`).join('\n')}\n` +
        'Take load off the machine that sends (other processes, the server itself), send less from it, or allow more: ' +
        `llmBench({ validity: { … } }). What was measured is in ${folder}.`,
    )
    throw withoutOwnFrames(error)
  }
}

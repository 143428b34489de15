import type { RunReport } from '../../src/files/run-report.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { judgedRun } from '../bench-runs.ts'
import { verdictText } from '../figures.ts'
import type { TestModel } from '../model.ts'
import { targetText } from '../run-facts.ts'
import { plainText } from '../text.ts'
import { classnameOf, placeOf, testName } from './case.ts'
import type { JUnitCase, Outcome } from './case.ts'
import { histories } from './histories.ts'
import { thresholdProperties } from './properties.ts'

/** One case for each threshold of each run, as the last attempt that judged it has it. */
export function thresholdCases(test: TestModel): JUnitCase[] {
  return histories(test.verdicts, ({ bench, threshold }) => JSON.stringify([bench, threshold])).map((history) => {
    const verdict = history.at(-1)!
    const run = judgedRun(test.runs, verdict)
    return {
      classname: classnameOf(test.file),
      name: `${testName(test)} > ${verdict.bench}: ${verdict.threshold}`,
      file: test.file,
      seconds: 0,
      properties: thresholdProperties(test, verdict, run, history.slice(0, -1)),
      outcome: outcomeOf(test, verdict, run),
    }
  })
}

/** Where the test has passed all the same (`test.fails`, a caught error), the report may not say otherwise than Vitest. */
function outcomeOf(test: TestModel, verdict: Verdict, run: RunReport | undefined): Outcome {
  if (verdict.state === 'pass' || test.state === 'passed' || test.state === 'skipped') return { kind: 'passed' }
  const message = verdictText(verdict)
  const error = test.errors.find((error) => error.cause === 'threshold' && error.message.includes(verdict.threshold))
  const details = plainText(verdict.message)
  const body = [
    ...(details.startsWith(message) ? [] : [message]),
    ...(details === '' ? [] : [details]),
    `bench: ${verdict.bench}, attempt ${verdict.attempt + 1} of ${Math.max(test.attempts, verdict.attempt + 1)}`,
    ...(run === undefined ? [] : [`target: ${targetText(run)}`, `files: ${run.folder}`]),
    error?.stack ?? (error?.at === undefined ? placeOf(test) : `    at ${error.at}`),
  ].join('\n')
  return verdict.state === 'fail'
    ? { kind: 'failure', type: error?.name ?? 'SLOBreachError', message, body }
    : { kind: 'error', type: 'LlmBenchError', message, body }
}

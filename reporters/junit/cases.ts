import type { RunReport } from '../../src/files/run-report.ts'
import { verdictText } from '../figures.ts'
import type { ErrorModel, RunModel, TestModel } from '../model.ts'
import { distinct } from '../outcome.ts'
import { clientText } from '../run-facts.ts'
import { firstLine } from '../text.ts'
import { classnameOf, placeOf, testName } from './case.ts'
import type { JUnitCase, Outcome } from './case.ts'
import { holdingCases } from './holding-cases.ts'
import { benchProperties, suiteProperties } from './properties.ts'
import type { Property } from './properties.ts'
import { thresholdCases } from './threshold-cases.ts'

/** A `<testsuite>`: the tests of one bench file. */
export interface JUnitSuite {
  name: string
  timestamp: string
  properties: Property[]
  cases: JUnitCase[]
}

/** The suites and cases of a JUnit report, names not yet unique. */
export function junitSuites(model: RunModel): JUnitSuite[] {
  const properties = suiteProperties(model)
  const byFile = new Map<string, JUnitCase[]>()
  for (const test of model.tests) casesOfFile(byFile, test.file).push(...testCases(test))
  const homeless: JUnitCase[] = []
  for (const error of model.unhandledErrors) {
    if (error.file === undefined) homeless.push(unhandledCase(error, 'vitest'))
    else casesOfFile(byFile, error.file).push({ ...unhandledCase(error, classnameOf(error.file)), file: error.file })
  }
  const suites = [...byFile].map(([name, cases]) => ({ name, timestamp: model.startedAt, properties, cases }))
  return homeless.length === 0 ? suites : [...suites, { name: 'Unhandled errors', timestamp: model.startedAt, properties, cases: homeless }]
}

function casesOfFile(byFile: Map<string, JUnitCase[]>, file: string): JUnitCase[] {
  let cases = byFile.get(file)
  if (cases === undefined) byFile.set(file, (cases = []))
  return cases
}

function testCases(test: TestModel): JUnitCase[] {
  const judged = [...thresholdCases(test), ...holdingCases(test)]
  return [
    {
      classname: classnameOf(test.file),
      name: testName(test),
      file: test.file,
      seconds: test.durationMs / 1000,
      properties: benchProperties(test),
      outcome: benchOutcome(test, judged),
      ...outputOf(test),
    },
    ...judged,
  ]
}

/** A broken threshold, or a figure that does not hold, fails its own case, not the bench's: unless no case would then show why the test failed. */
function benchOutcome(test: TestModel, judged: readonly JUnitCase[]): Outcome {
  if (test.state === 'skipped') return { kind: 'skipped' }
  if (test.state === 'pending') {
    const message = 'The test did not end: the run was cut short'
    return { kind: 'error', type: 'Interrupted', message, body: `${message}.\n${placeOf(test)}` }
  }
  if (test.state === 'passed') return { kind: 'passed' }
  const own = distinct(test.errors.filter((error) => error.cause !== 'threshold'))
  const runError = own.find((error) => error.cause === 'run')
  if (runError !== undefined) return withErrors('error', runError, own, test)
  if (own.length > 0) return withErrors('failure', own[0]!, own, test)
  if (judged.some(({ outcome }) => outcome.kind === 'failure' || outcome.kind === 'error')) return { kind: 'passed' }
  const all = distinct(test.errors)
  return withErrors('failure', all[0] ?? { name: 'Error', message: 'The test failed without an error', cause: 'other' }, all, test)
}

function withErrors(kind: 'failure' | 'error', first: ErrorModel, all: readonly ErrorModel[], test: TestModel): Outcome {
  const more = all.length > 1 ? ` (and ${all.length - 1} more)` : ''
  const body = all.length === 0 ? first.message : all.map(errorText).join('\n\n')
  return {
    kind,
    type: first.name,
    message: `${firstLine(first.message)}${more}`,
    body: all.some((error) => error.stack !== undefined) ? body : `${body}\n${placeOf(test)}`,
  }
}

function errorText(error: ErrorModel): string {
  return [`${error.name}: ${error.message}`, ...(error.stack === undefined ? [] : [error.stack])].join('\n')
}

function outputOf(test: TestModel): { output?: string } {
  const lines = [
    // Repeats say much the same.
    ...new Set(test.runs.flatMap((run) => [...clientWarning(run), ...run.notes].map((note) => `${run.bench}: ${note}`))),
    ...test.verdicts.map(verdictLine),
  ]
  return lines.length === 0 ? {} : { output: lines.join('\n') }
}

function clientWarning({ metrics }: RunReport): string[] {
  if (metrics.kind !== 'requests' || metrics.client === undefined || metrics.client.validity === 'valid') return []
  return [`the client is ${clientText(metrics)}`]
}

function verdictLine(verdict: TestModel['verdicts'][number]): string {
  const attempt = verdict.attempt === 0 ? '' : ` (attempt ${verdict.attempt + 1})`
  return `${verdict.state}: ${verdict.bench}: ${verdictText(verdict)}${attempt}`
}

function unhandledCase(error: ErrorModel, classname: string): JUnitCase {
  const message = firstLine(error.message)
  return {
    classname,
    name: `${error.file === undefined ? 'Unhandled error' : 'File or suite'}: ${message}`,
    seconds: 0,
    properties: [],
    outcome: { kind: 'error', type: error.name, message, body: errorText(error) },
  }
}

// A Vitest reporter that notes each test's outcome in the file CI_OUTCOME names: a line for every test, and what went wrong below
// those that failed or passed only when tried again. Written as tests end, so that a run that dies leaves what it knew.
import { appendFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import type { Reporter, SerializedError, TestCase, TestError, TestModule } from 'vitest/node'

const FIRST_LINES = 2
const LAST_LINES = 4
const CHARACTERS_PER_LINE = 300

export default class Outcome implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const { state, errors } = test.result()
    if (test.diagnostic()?.flaky) note('retried', nameOf(test), errors)
    note(state, state === 'failed' ? nameOf(test) : '', state === 'failed' ? errors : [])
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    for (const module of modules) {
      const suites = [module, ...module.children.allSuites()]
      for (const suite of suites) if (suite.errors().length > 0) note('broken', module.relativeModuleId, suite.errors())
    }
    if (unhandled.length > 0) note('broken', 'unhandled errors', unhandled)
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`
}

function note(state: string, name: string, errors: readonly Partial<TestError>[] = []): void {
  appendFileSync(process.env['CI_OUTCOME']!, [`${state} ${name}`.trimEnd(), ...errors.flatMap(linesOf), ''].join('\n'))
}

/** An error's message, without its middle where it is long, and the line that it comes from. */
function linesOf({ message = '', stacks = [] }: Partial<TestError>): string[] {
  const lines = stripVTControlCharacters(message)
    .split('\n')
    .filter((line) => line.trim() !== '')
  const shown = lines.length <= FIRST_LINES + LAST_LINES ? lines : [...lines.slice(0, FIRST_LINES), '…', ...lines.slice(-LAST_LINES)]
  const [frame] = stacks
  if (frame !== undefined) shown.push(`at ${frame.file}:${frame.line}`)
  return shown.map((line) => `    ${line.slice(0, CHARACTERS_PER_LINE)}`)
}

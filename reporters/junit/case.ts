import type { TestModel } from '../model.ts'
import type { Property } from './properties.ts'

/** A `<testcase>`. */
export interface JUnitCase {
  classname: string
  name: string
  file?: string
  seconds: number
  properties: Property[]
  outcome: Outcome
  /** `<system-out>` */
  output?: string
}

export type Outcome = { kind: 'passed' | 'skipped' } | { kind: 'failure' | 'error'; type: string; message: string; body: string }

/** Jenkins takes what stands before a dot for a package, so there is none. */
export function classnameOf(file: string): string {
  return file.replaceAll('.', '_')
}

/** Names of the suites and the test. */
export function testName(test: TestModel): string {
  return [...test.suites, test.name].join(' > ')
}

/** A frame that leads to the test where no error has one. */
export function placeOf(test: TestModel): string {
  return `    at ${test.file}${test.line === undefined ? '' : `:${test.line}`}`
}

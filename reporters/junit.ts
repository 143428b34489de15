/**
 * JUnit XML for CI servers: a case for each bench test and one for each threshold.
 * @module vitest-llm-bench/reporters/junit
 */
import { FileReporter } from './file-reporter.ts'
import { renderJUnit } from './junit/render.ts'
import type { RunModel } from './model.ts'

export type { FileReporterOptions as JUnitReporterOptions } from './file-reporter.ts'

/**
 * Writes `junit.xml` into the results folder when the run ends, or the `outputFile` that is given.
 * @example reporters: ['default', ['vitest-llm-bench/reporters/junit', { outputFile: 'junit.xml' }]]
 */
export default class JUnitReporter extends FileReporter {
  protected override readonly fileName = 'junit.xml'

  protected override render(model: RunModel): string {
    return renderJUnit(model)
  }
}

/**
 * `summary.json`: everything that a program wants of a run, after a published schema (`vitest-llm-bench/summary.schema.json`).
 * @module vitest-llm-bench/reporters/json
 */
import { FileReporter } from './file-reporter.ts'
import { renderSummary } from './json/render.ts'
import type { RunModel } from './model.ts'

export { summarySchema } from './json/schema.ts'
export type { Summary } from './json/schema.ts'
export type { FileReporterOptions as JsonReporterOptions } from './file-reporter.ts'

/**
 * Writes `summary.json` into the results folder when the run ends, or the `outputFile` that is given.
 * @example reporters: ['default', ['vitest-llm-bench/reporters/json', { outputFile: 'summary.json' }]]
 */
export default class JsonReporter extends FileReporter {
  protected override readonly fileName = 'summary.json'

  protected override render(model: RunModel): string {
    return renderSummary(model)
  }
}

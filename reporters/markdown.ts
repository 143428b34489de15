/**
 * `report.md`: what a reviewer wants of a run, short enough for a comment on a pull request.
 * @module vitest-llm-bench/reporters/markdown
 */
import { FileReporter } from './file-reporter.ts'
import { renderMarkdown } from './markdown/render.ts'
import type { RunModel } from './model.ts'

export type { FileReporterOptions as MarkdownReporterOptions } from './file-reporter.ts'

/**
 * Writes `report.md` into the results folder when the run ends, or the `outputFile` that is given.
 * @example reporters: ['default', ['vitest-llm-bench/reporters/markdown', { outputFile: 'report.md' }]]
 */
export default class MarkdownReporter extends FileReporter {
  protected override readonly fileName = 'report.md'

  protected override render(model: RunModel): string {
    return renderMarkdown(model)
  }
}

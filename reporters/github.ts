/**
 * What GitHub Actions shows of a run: the job's summary, and marks on lines of the bench files.
 * @module vitest-llm-bench/reporters/github
 */
import type { Vitest } from 'vitest/node'
import { renderAnnotations } from './github/annotations.ts'
import { appendToSummary } from './github/step-summary.ts'
import { renderMarkdown } from './markdown/render.ts'
import type { RunModel } from './model.ts'
import { isWorthReporting } from './outcome.ts'
import { RunReporter } from './run-reporter.ts'

/**
 * Appends the report to the file that `GITHUB_STEP_SUMMARY` names, and where `GITHUB_ACTIONS` is `true`, marks lines. What was thrown
 * is left to Vitest's own `github-actions` reporter where that is in use. Elsewhere it does nothing.
 * @example reporters: ['default', 'vitest-llm-bench/reporters/github']
 */
export default class GitHubReporter extends RunReporter {
  protected override async report(model: RunModel, vitest: Vitest): Promise<void> {
    const { GITHUB_ACTIONS, GITHUB_STEP_SUMMARY } = process.env
    if (!isWorthReporting(model)) return
    if (GITHUB_ACTIONS === 'true') {
      const thrown = !vitest.config.reporters.some((reporter) => nameOf(reporter) === 'github-actions')
      for (const line of renderAnnotations(model, { thrown })) vitest.logger.log(`\n${line}`)
    }
    if (GITHUB_STEP_SUMMARY !== undefined && GITHUB_STEP_SUMMARY !== '') {
      const problem = await appendToSummary(GITHUB_STEP_SUMMARY, renderMarkdown(model))
      if (problem !== undefined) vitest.logger.warn(`The report is not in the job's summary: ${problem}`)
    }
  }
}

function nameOf(reporter: unknown): unknown {
  return Array.isArray(reporter) ? reporter[0] : reporter
}

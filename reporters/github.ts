/**
 * What GitHub Actions shows of a run: the job's summary, and marks on lines of the bench files.
 * @module vitest-llm-bench/reporters/github
 */
import { appendFile, stat } from 'node:fs/promises'
import type { Vitest } from 'vitest/node'
import { messageOf } from '../src/errors.ts'
import { renderAnnotations } from './github/annotations.ts'
import { renderMarkdown } from './markdown/render.ts'
import type { RunModel } from './model.ts'
import { isWorthReporting } from './outcome.ts'
import { RunReporter } from './run-reporter.ts'

/** GitHub shows no summary of a step at all that is larger, whoever wrote it. */
const SUMMARY_BYTES = 1024 * 1024

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
      // It is there to be read by people: that it can't be written takes nothing from the run.
      const problem = await appendSummary(GITHUB_STEP_SUMMARY, renderMarkdown(model)).catch(messageOf)
      if (problem !== undefined) vitest.logger.warn(`The report is not in the job's summary: ${problem}`)
    }
  }
}

async function appendSummary(path: string, report: string): Promise<string | undefined> {
  const written = await stat(path).then(
    ({ size }) => size,
    () => 0,
  )
  const text = `${written === 0 ? '' : '\n'}${report}`
  if (written + Buffer.byteLength(text) > SUMMARY_BYTES) return `${path} holds ${written} bytes, and GitHub shows ${SUMMARY_BYTES} at most`
  await appendFile(path, text)
  return undefined
}

function nameOf(reporter: unknown): unknown {
  return Array.isArray(reporter) ? reporter[0] : reporter
}

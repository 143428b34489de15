import type { DefaultReporter, Reporter, Vitest } from 'vitest/node'
import CsvReporter from '../../reporters/csv.ts'
import GitHubReporter from '../../reporters/github.ts'
import JsonReporter from '../../reporters/json.ts'
import JUnitReporter from '../../reporters/junit.ts'
import MarkdownReporter from '../../reporters/markdown.ts'
import TerminalReporter, { LlmBenchDefaultReporter, LlmBenchTreeReporter, LlmBenchVerboseReporter } from '../../reporters/terminal.ts'
import type { ResolvedPluginOptions } from '../dsl/plugin-options.ts'
import { interruptible } from './interrupt.ts'
import type { RunSession } from './session.ts'

/** Vitest's own reporters that show benchmarks, with our figures in the place of Tinybench's. */
const OURS: ReadonlyMap<string, typeof DefaultReporter> = new Map([
  ['default', LlmBenchDefaultReporter],
  ['verbose', LlmBenchVerboseReporter],
  ['tree', LlmBenchTreeReporter],
])

/** Vitest's own reporters that a person reads and that say nothing of our figures. */
const FOR_PEOPLE = new Set(['dot', 'agent', 'minimal'])

/**
 * Adds our reporters to the user's: figures in the terminal, and the files of the results folder. A report that the user
 * lists (by `vitest-llm-bench/reporters/…`) is left to the user's own settings.
 */
export function addReporters(vitest: Vitest, session: RunSession, options: ResolvedPluginOptions): void {
  const { config } = vitest
  const reporters = (config.reporters.length === 0 ? [['default', {}]] : config.reporters) as unknown[]
  const listed = new Set(reporters.map(nameOf))
  const result = reporters.map((reporter) => {
    const Ours = OURS.get(nameOf(reporter))
    if (Ours === undefined) return reporter
    const own = new Ours((Array.isArray(reporter) ? reporter[1] : undefined) as never)
    session.progress.joinWindow(own)
    return own
  })
  const lists = (name: string): boolean => [...listed].some((entry) => entry.startsWith(`vitest-llm-bench/reporters/${name}`))
  const names = [...listed]
  if (!names.some((name) => OURS.has(name)) && !lists('terminal') && names.some((name) => FOR_PEOPLE.has(name))) {
    result.push(new TerminalReporter())
  }
  if (options.reporters) {
    if (!lists('junit')) result.push(new JUnitReporter())
    if (!lists('csv')) result.push(new CsvReporter())
    if (!lists('json')) result.push(new JsonReporter())
    if (!lists('markdown')) result.push(new MarkdownReporter())
    if (!lists('github')) result.push(new GitHubReporter())
  }
  const start: Reporter = { onTestRunStart: () => session.runStarts() }
  config.reporters = [start, interruptible(vitest), ...result] as typeof config.reporters
}

function nameOf(reporter: unknown): string {
  const name: unknown = Array.isArray(reporter) ? reporter[0] : reporter
  return typeof name === 'string' ? name : ''
}

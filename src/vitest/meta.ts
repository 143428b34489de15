import type { RunnerTestCase } from 'vitest'
import type { LlmBenchMeta } from '../files/run-report.ts'

/** Our part of a test's meta, which Vitest hands to every reporter and writes into its own json report. */
export function metaOf(test: Pick<RunnerTestCase, 'meta'>): LlmBenchMeta {
  return (test.meta.llmBench ??= { runs: [], verdicts: [], holdings: [] })
}

import { recordArtifact } from 'vitest'
import type { RunReport } from '../../../../../src/files/run-report.ts'
import type { Verdict } from '../../../../../src/verdict/verdict.ts'

type Task = Parameters<typeof recordArtifact>[0]

/** Leaves a run and verdicts as the provider and the matchers do. */
export async function leave(task: Task, report: RunReport, verdicts: Verdict[]): Promise<void> {
  await recordArtifact(task, { type: 'vitest-llm-bench:run', report } as never)
  const meta = task.meta as { llmBench?: { runs: unknown[]; verdicts: Verdict[]; holdings: [] } }
  const { runs, verdicts: earlier } = meta.llmBench ?? { runs: [], verdicts: [] }
  meta.llmBench = { runs: [...runs, report], verdicts: [...earlier, ...verdicts], holdings: [] }
}

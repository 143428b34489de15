import { needsEngine } from '../dsl/workload-spec.ts'
import type { RunRecord } from '../metrics/record.ts'
import type { Progress } from '../metrics/progress.ts'
import type { RunPlan } from './plan.ts'
import { ProgressMeter } from './progress-meter.ts'

export interface RunHooks {
  /** Called at most four times a second, and once at the end. */
  readonly onProgress: (progress: Progress) => void
  /** Called right before the load on a server begins, whose code has been rehearsed or not. */
  readonly onLoad?: (isRehearsed: boolean) => void
  /** Aborts the run: what was measured comes back as a partial record. */
  readonly signal: AbortSignal
}

/**
 * Runs a workload in this thread.
 * @throws {LlmBenchError} where nothing could be measured; `CANCELLED` where the signal came before the load
 */
export async function runPlan(plan: RunPlan, { onProgress, onLoad = () => {}, signal }: RunHooks): Promise<RunRecord> {
  const progress = new ProgressMeter()
  const stop = progress.reportTo(onProgress)
  try {
    const { workload } = plan
    // Each on its own: a run against a server has no use for engines.
    if (needsEngine(workload)) {
      const { runOnEngine } = await import('./run-on-engine.ts')
      return await runOnEngine(plan, workload, progress, signal)
    }
    const { runServed } = await import('./run-served.ts')
    return await runServed(plan, workload, { progress, onLoad, signal })
  } finally {
    stop()
  }
}

import { basename, dirname, join } from 'node:path'
import type { Dataset } from '../datasets/dataset.ts'
import type { ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import { restoreRollout } from '../files/resume.ts'
import type { RestoredRollout } from '../files/resume.ts'
import type { RunPlan } from './plan.ts'

/** What a run goes on with; nothing where it is no rollout or there is none to go on with. */
export interface Resumed {
  readonly restored?: RestoredRollout | undefined
  /** What a reader must know of it. */
  readonly notes: readonly string[]
}

/**
 * Restores the interrupted rollout that the plan names. Where its prompts were others, the run starts anew and says so.
 * @throws {LlmBenchError} `RESULTS`
 */
export async function resumedRollout(plan: RunPlan, spec: ServedWorkloadSpec, { digest }: Dataset): Promise<Resumed> {
  const { resumeFrom } = plan
  if (spec.kind !== 'rollout' || resumeFrom === undefined) return { notes: [] }
  const restored = await restoreRollout(resumeFrom, plan.folder, { details: spec.details, datasetDigest: digest })
  if (restored !== undefined) return { restored, notes: [] }
  const folder = join(basename(dirname(resumeFrom)), basename(resumeFrom))
  return { notes: [`Nothing was resumed: the dataset has changed since the interrupted run, whose batches stay in ${folder}.`] }
}

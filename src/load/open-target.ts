import type { Dataset } from '../datasets/dataset.ts'
import type { Tokenizer } from '../datasets/tokenizer.ts'
import type { ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import { LlmBenchError } from '../errors.ts'
import { createTarget } from '../targets/create-target.ts'
import type { Target, TargetContext } from '../targets/target.ts'
import { contextFor, neededByRows } from './context-length.ts'
import type { RunPlan } from './plan.ts'

/** What an engine's needs are reckoned from. */
export interface Prompts {
  readonly dataset: Dataset
  readonly tokenizer: () => Promise<Tokenizer>
}

/**
 * Opens what a plan's requests go to: a live server, or a local engine in its place.
 * @throws {LlmBenchError} `USAGE` where the plan names neither, `TARGET`, `ENGINE`; `CANCELLED` where the signal aborts
 */
export async function openTarget(
  { bench, target, engine, root, folder }: RunPlan,
  spec: ServedWorkloadSpec,
  context: Pick<TargetContext, 'clock' | 'onTokens'>,
  { dataset, tokenizer }: Prompts,
  signal: AbortSignal,
): Promise<Target> {
  if (target !== undefined) return createTarget(target, { ...context, root })
  if (engine === undefined) throw new LlmBenchError('USAGE', `${bench}: ${spec.kind} needs a target or an engine, and the plan names none`)
  const contextLength = contextFor(neededByRows(spec, dataset), await tokenizer())
  // A run against a server has no use for engines.
  const { loadEngineTarget } = await import('./engine-target.ts')
  return loadEngineTarget(engine, spec, contextLength, { root, signal, logFolder: folder }, context)
}

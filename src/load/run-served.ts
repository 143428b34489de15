import { setMaxListeners } from 'node:events'
import { loadDataset } from '../datasets/load-dataset.ts'
import { loadTokenizer } from '../datasets/load-tokenizer.ts'
import type { Tokenizer } from '../datasets/tokenizer.ts'
import type { RolloutSpec, ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import { LlmBenchError } from '../errors.ts'
import { restoreRollout } from '../files/resume.ts'
import { RolloutFiles } from '../files/rollout-files.ts'
import { startClock } from '../metrics/clock.ts'
import type { RequestRecord } from '../metrics/record.ts'
import { createTarget } from '../targets/create-target.ts'
import { ClientMeter } from './client-meter.ts'
import type { MeteredClient } from './client-meter.ts'
import { closedLoop } from './closed-loop.ts'
import type { Driver } from './driver.ts'
import { FailureWatch } from './failure-watch.ts'
import type { LoopResult } from './loop-result.ts'
import { openLoop } from './open-loop.ts'
import type { RunPlan } from './plan.ts'
import type { ProgressMeter } from './progress-meter.ts'
import { recordOf } from './request-record.ts'
import { rolloutLoop } from './rollout.ts'
import type { RestoredBatch } from './restored-batches.ts'
import { syntheticLimit } from './synthetic-rows.ts'
import { TokenCounter } from './token-counter.ts'
import { warmUp } from './warm-up.ts'

/**
 * Runs a workload against a live server: loads and prepares everything, then drives the load.
 * @throws {LlmBenchError} `DATASET`, `TOKENIZER`, `TARGET`, `RESULTS`, `RUN_FAILED`; `CANCELLED` before the load began
 */
export async function runServed(
  plan: RunPlan,
  spec: ServedWorkloadSpec,
  progress: ProgressMeter,
  signal: AbortSignal,
): Promise<RequestRecord> {
  if (plan.target === undefined) throw new LlmBenchError('USAGE', `${plan.bench}: ${spec.kind} needs a target, and the plan names none`)
  const tokenizerPath = spec.tokenizer ?? plan.target.tokenizer ?? plan.tokenizer
  const tokenizer = once(() => loadTokenizer(tokenizerPath, plan.root))
  // A path that the user gave is tried before the load; a rollout counts between batches, where loading would cost time.
  if (tokenizerPath !== undefined || spec.kind === 'rollout') await tokenizer()
  const dataset = await loadDataset(spec.dataset, { root: plan.root, tokenizer, ...wanted(spec) })
  const restored =
    spec.kind === 'rollout' && plan.resumeFrom !== undefined ? await restoreRollout(plan.resumeFrom, plan.folder, spec) : undefined

  // Restored batches lie before this session on one clock, so that its origin is as much earlier as they took.
  const clock = startClock(process.hrtime.bigint() - BigInt(Math.ceil(restored?.endNs ?? 0)))
  const onTokens = (count: number): void => {
    progress.outputTokens += count
  }
  const target = await createTarget(plan.target, { clock, onTokens, root: plan.root })
  try {
    const { model, version } = await target.prepare(signal)
    if (signal.aborted) throw cancelledBefore(plan)
    const counter = new TokenCounter(tokenizer)
    const failures = new FailureWatch(spec.abortOn)
    const ends = AbortSignal.any([signal, failures.signal])
    // Every request in flight listens.
    setMaxListeners(0, ends)
    const driver = { dataset, target, clock, counter, progress, failures, signal: ends }
    const warmupNotes = await warmUp({ ...driver, spec })
    if (signal.aborted) throw cancelledBefore(plan)
    const meter = new ClientMeter(clock, (nowNs) => (progress.inFlight > 0 ? nowNs : progress.lastEndNs))
    let metered: MeteredClient | undefined
    const result = await drive(plan, spec, driver, restored?.batches ?? []).finally(() => {
      metered = meter.stop()
    })
    const client = metered && { metered, maxInFlight: maxInFlight(spec) }
    return await recordOf(
      { ...result, notes: [...warmupNotes, ...result.notes] },
      {
        ...driver,
        bench: plan.bench,
        model,
        version,
        streamed: spec.stream,
        openLoop: spec.kind === 'requestRate',
        endedEarly: failures.reason,
        client,
      },
    )
  } finally {
    await target.close()
  }
}

function cancelledBefore({ bench }: RunPlan): LlmBenchError {
  return new LlmBenchError('CANCELLED', `${bench}: cancelled before the load began`)
}

function drive(
  plan: RunPlan,
  spec: ServedWorkloadSpec,
  driver: Omit<Driver, 'spec'>,
  restored: readonly RestoredBatch[],
): Promise<LoopResult> {
  if (spec.kind === 'clients') return closedLoop({ ...driver, spec })
  if (spec.kind === 'requestRate') return openLoop({ ...driver, spec })
  return driveRollout(plan, { ...driver, spec }, restored)
}

async function driveRollout(plan: RunPlan, driver: Driver<RolloutSpec>, restored: readonly RestoredBatch[]): Promise<LoopResult> {
  const { folder, bench, workloadDigest } = plan
  const files = await RolloutFiles.open({ folder, bench, workloadDigest, details: driver.spec.details })
  let complete = false
  try {
    const result = await rolloutLoop(driver, { restored, appendBatch: (batch) => files.appendBatch(batch) })
    complete = !result.partial
    return result
  } finally {
    await files.close({ complete })
  }
}

function maxInFlight(spec: ServedWorkloadSpec): number | undefined {
  return spec.kind === 'clients' ? spec.n : spec.maxConcurrency
}

/** Rows and turns that the workload uses. */
function wanted(spec: ServedWorkloadSpec): { limit?: number | undefined; turns?: number } {
  if (spec.kind === 'rollout') return { limit: spec.limit }
  // Rows of other datasets are prompts by themselves, which follow one another in a conversation.
  const conversations = spec.dataset.kind === 'sharegpt' || spec.dataset.kind === 'builtin'
  const limit = syntheticLimit(spec.dataset, spec.requests)
  return { limit, ...(spec.kind === 'clients' && conversations ? { turns: spec.turns } : {}) }
}

function once(load: () => Promise<Tokenizer>): () => Promise<Tokenizer> {
  let loaded: Promise<Tokenizer> | undefined
  return () => (loaded ??= load())
}

import { loadDataset } from '../datasets/load-dataset.ts'
import { loadTokenizer } from '../datasets/load-tokenizer.ts'
import type { OfflineSpec, OneBatchSpec } from '../dsl/workload-spec.ts'
import type { Engine } from '../engines/engine.ts'
import { loadEngine } from '../engines/load-engine.ts'
import { LlmBenchError } from '../errors.ts'
import { startClock } from '../metrics/clock.ts'
import { versionText } from '../engines/engine.ts'
import type { BatchRecord, RunRecord } from '../metrics/record.ts'
import { contextFor } from './context-length.ts'
import { compareDecoding, CORRECTNESS_NEEDS, writeCorrectness } from './correctness.ts'
import { offlineCalls, offlineLoop, scheduleOf } from './offline.ts'
import { runBatchCases } from './one-batch.ts'
import type { RunPlan } from './plan.ts'
import type { ProgressMeter } from './progress-meter.ts'
import { requestPart } from './request-part.ts'
import { recordOf } from './request-record.ts'
import { syntheticLimit } from './synthetic-rows.ts'
import { TokenCounter } from './token-counter.ts'

/**
 * Runs a workload on a local engine, which is loaded for it and closed after it.
 * @throws {LlmBenchError} `DATASET`, `TOKENIZER`, `ENGINE`, `RUN_FAILED`; `CANCELLED` before the load began
 */
export async function runOnEngine(
  plan: RunPlan,
  spec: OfflineSpec | OneBatchSpec,
  progress: ProgressMeter,
  signal: AbortSignal,
): Promise<RunRecord> {
  if (plan.engine === undefined) throw new LlmBenchError('USAGE', `${plan.bench}: ${spec.kind} needs an engine, and the plan names none`)
  return spec.kind === 'offline'
    ? runOffline(plan, plan.engine, spec, progress, signal)
    : runOneBatch(plan, plan.engine, spec, progress, signal)
}

type EngineSpec = NonNullable<RunPlan['engine']>

async function runOffline(
  plan: RunPlan,
  engineSpec: EngineSpec,
  spec: OfflineSpec,
  progress: ProgressMeter,
  signal: AbortSignal,
): Promise<RunRecord> {
  const tokenizer = await loadTokenizer(spec.tokenizer ?? plan.tokenizer, plan.root)
  const limit = syntheticLimit(spec.dataset, spec.requests)
  const dataset = await loadDataset(spec.dataset, { root: plan.root, tokenizer: () => Promise.resolve(tokenizer), limit })
  const calls = offlineCalls(spec, dataset)
  const contextLength = contextFor(
    calls.map(({ request }) => request),
    tokenizer,
  )
  const needs = { use: 'generate', contextLength, schedule: scheduleOf(spec) } as const
  const engine = await loadEngine(engineSpec, needs, { root: plan.root, signal, logFolder: plan.folder })
  try {
    assertNotCancelled(plan, signal)
    const clock = startClock()
    const counter = new TokenCounter(() => Promise.resolve(tokenizer))
    const result = await offlineLoop({ spec, dataset, engine, clock, counter, progress, signal }, calls)
    const { model, device } = engine.info
    const version = versionText(engine.info)
    const requests = await requestPart(result.log, counter, progress)
    return recordOf(result, requests, {
      bench: plan.bench,
      clock,
      dataset,
      model,
      version,
      device,
      streamed: engine.info.streams,
      openLoop: false,
    })
  } finally {
    await engine.close()
  }
}

async function runOneBatch(
  plan: RunPlan,
  engineSpec: EngineSpec,
  spec: OneBatchSpec,
  progress: ProgressMeter,
  signal: AbortSignal,
): Promise<RunRecord> {
  const least = spec.correctness ? CORRECTNESS_NEEDS : { batch: 1, contextLength: 1 }
  const contextLength = Math.max(...spec.inputLength) + Math.max(...spec.outputLength)
  const needs = {
    use: 'oneBatch',
    batch: Math.max(least.batch, ...spec.batch),
    contextLength: Math.max(least.contextLength, contextLength),
  } as const
  const engine = await loadEngine(engineSpec, needs, { root: plan.root, signal, logFolder: plan.folder })
  try {
    assertNotCancelled(plan, signal)
    const { noOneBatch } = engine.info
    if (noOneBatch !== undefined) throw new LlmBenchError('USAGE', `${plan.bench}: ${engine.info.name} can't run oneBatch(): ${noOneBatch}`)
    const record = await runBatchCases({ spec, engine, progress, signal })
    if (!spec.correctness || record.partial) return record
    return await withAgreement(plan, record, engine, progress, signal)
  } finally {
    await engine.close()
  }
}

async function withAgreement(
  plan: RunPlan,
  record: BatchRecord,
  engine: Engine,
  progress: ProgressMeter,
  signal: AbortSignal,
): Promise<BatchRecord> {
  progress.phase = 'comparing'
  try {
    const correctness = await compareDecoding(engine, signal)
    await writeCorrectness(plan.folder, correctness)
    return { ...record, agreement: correctness.agreement }
  } catch (error) {
    // The cases that are done are kept.
    if (signal.aborted) return { ...record, partial: true }
    throw error
  }
}

function assertNotCancelled(plan: RunPlan, signal: AbortSignal): void {
  if (signal.aborted) throw new LlmBenchError('CANCELLED', `${plan.bench}: cancelled before the load began`)
}

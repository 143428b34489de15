import { counted } from '../counted.ts'
import type { OneBatchSpec } from '../dsl/workload-spec.ts'
import { versionText } from '../engines/engine.ts'
import type { Engine, OneBatchInput } from '../engines/engine.ts'
import { LlmBenchError } from '../errors.ts'
import type { BatchCase, BatchRecord } from '../metrics/record.ts'
import type { ProgressMeter } from './progress-meter.ts'

/** Output of the warm-up case. */
const WARMUP_TOKENS = 8

/** The product of the lists, the batch size changing slowest. */
function batchCases(spec: OneBatchSpec): OneBatchInput[] {
  return spec.batch.flatMap((batch) =>
    spec.inputLength.flatMap((inputLength) =>
      spec.outputLength.map((outputLength) => ({ batch, inputLength, outputLength, seed: spec.seed })),
    ),
  )
}

export interface OneBatchDriver {
  readonly spec: OneBatchSpec
  readonly engine: Engine
  readonly progress: ProgressMeter
  readonly signal: AbortSignal
}

/**
 * Runs the cases one after another, after one warm-up of the first batch and input length with a short output. A case that
 * doesn't fit the engine is skipped and says why; a cancel ends the run with the cases that are done.
 * @throws {LlmBenchError} `RUN_FAILED` where not one case fits
 */
export async function runBatchCases({ spec, engine, progress, signal }: OneBatchDriver): Promise<BatchRecord> {
  const inputs = batchCases(spec)
  const cases: BatchCase[] = []
  const run = async (input: OneBatchInput): Promise<BatchCase | undefined> => {
    if (signal.aborted) return undefined
    try {
      return await engine.oneBatch(input, signal)
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    }
  }

  if (spec.warmup) {
    progress.phase = 'warm-up'
    await run({ ...inputs[0]!, outputLength: Math.min(WARMUP_TOKENS, Math.max(...spec.outputLength)) })
  }
  progress.begin('running', 'cases', inputs.length)
  for (const input of inputs) {
    progress.started++
    const done = await run(input)
    if (done === undefined) break
    cases.push(done)
    progress.ended(done.skipped === undefined)
    if (done.skipped === undefined) progress.outputTokens += done.batch * done.outputLength
  }

  const partial = cases.length < inputs.length
  const skipped = cases.filter((done) => done.skipped !== undefined)
  if (!partial && skipped.length === cases.length) {
    throw new LlmBenchError(
      'RUN_FAILED',
      `oneBatch(): not one of ${counted(cases.length, 'case')} fits the engine. The first: ${skipped[0]!.skipped}`,
    )
  }
  const { model, device } = engine.info
  return { kind: 'oneBatch', cases, model, version: versionText(engine.info), device, notes: skipped.map(skipNote), partial }
}

function skipNote({ batch, inputLength, outputLength, skipped }: BatchCase): string {
  return `batch ${batch}, input ${inputLength}, output ${outputLength} was skipped: ${skipped}`
}

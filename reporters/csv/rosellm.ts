import type { OfflineSpec } from '../../src/dsl/workload-spec.ts'
import { csvRow } from '../../src/files/csv.ts'
import { perSecond, runName, totalTokens, type RequestRun } from './cells.ts'

/** A run of one of rosellm's scheduling modes. */
export type SchedulerRun = RequestRun & { workload: OfflineSpec & { mode: NonNullable<OfflineSpec['mode']> } }

const HEADER =
  'name,mode,max_batch_size,requests,elapsed,prompt_tokens,completion_tokens,total_tokens,throughput_completion,throughput_total'

/**
 * `schedulers.csv`: what rosellm's `benchmark_scheduler` prints for each mode, side by side, in seconds and tokens/s. Unlike there,
 * the throughput of completion counts completion tokens alone, and the time begins with the first request that is added.
 */
export function renderSchedulersCsv(runs: readonly SchedulerRun[]): string {
  return [HEADER, ...runs.map((run) => csvRow(cells(run)))].map((line) => `${line}\n`).join('')
}

function cells(run: SchedulerRun): (string | number | undefined)[] {
  const { metrics, workload } = run
  return [
    runName(run),
    workload.mode,
    workload.maxBatchSize,
    metrics.requests,
    metrics.wallSeconds.toFixed(6),
    metrics.inputTokens,
    metrics.outputTokens,
    totalTokens(metrics),
    perSecond(metrics.outputTokens, metrics)?.toFixed(2),
    perSecond(totalTokens(metrics), metrics)?.toFixed(2),
  ]
}

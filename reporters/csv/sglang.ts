import type { OneBatchSpec } from '../../src/dsl/workload-spec.ts'
import type { RunReport } from '../../src/files/run-report.ts'
import type { BatchCaseMetrics, BatchMetrics } from '../../src/metrics/summary-types.ts'
import { perSecond, totalTokens, type RequestRun } from './cells.ts'

/** A run of static batches. */
export type OneBatchRun = RunReport & { workload: OneBatchSpec; metrics: BatchMetrics }

/** `offline.jsonl`: what SGLang's `bench_offline_throughput` writes, a line for each run; seconds and tokens/s. */
export function renderOfflineJsonl(runs: readonly RequestRun[]): string {
  return lines(
    runs.map(({ metrics, target }) => ({
      backend: target.kind,
      successful_requests: metrics.completed,
      total_latency: metrics.wallSeconds,
      total_input_tokens: metrics.inputTokens,
      total_output_tokens: metrics.outputTokens,
      request_throughput: perSecond(metrics.completed, metrics),
      input_throughput: perSecond(metrics.inputTokens, metrics),
      output_throughput: perSecond(metrics.outputTokens, metrics),
      total_throughput: perSecond(totalTokens(metrics), metrics),
    })),
  )
}

/**
 * `one_batch.jsonl`: what SGLang's `bench_one_batch` writes, a line for each case that ran; seconds and tokens/s. There is no
 * median decode step where the output is one token.
 */
export function renderOneBatchJsonl(runs: readonly OneBatchRun[]): string {
  return lines(
    runs.flatMap(({ metrics, workload }) =>
      metrics.cases
        .filter(({ skipped, prefillLatency }) => skipped === undefined && prefillLatency !== undefined)
        .map((figures) => caseLine(workload.runName, figures)),
    ),
  )
}

function caseLine(runName: string, figures: BatchCaseMetrics): object {
  return {
    run_name: runName,
    batch_size: figures.batch,
    input_len: figures.inputLength,
    output_len: figures.outputLength,
    prefill_latency: seconds(figures.prefillLatency),
    prefill_throughput: figures.prefillTokensPerSecond,
    median_decode_latency: seconds(figures.medianDecodeLatency),
    median_decode_throughput: figures.decodeTokensPerSecond,
    total_latency: seconds(figures.totalLatency),
    overall_throughput: figures.overallTokensPerSecond,
  }
}

/** To the half nanosecond that a median of whole ones may have: dividing again would add digits that nobody measured. */
function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1e7) / 1e10
}

/** JSON leaves out what is undefined. */
function lines(objects: readonly object[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join('')
}

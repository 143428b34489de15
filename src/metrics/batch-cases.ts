import { percentile } from './percentiles.ts'
import { present } from './present.ts'
import type { BatchCase } from './record.ts'
import type { BatchCaseMetrics } from './summary-types.ts'

/**
 * Figures of one case of a static batch; latencies in ms, throughput in tokens/s:
 *
 * - prefill tokens/s = batch × input length / prefill time (one forward pass and the first token's sampling)
 * - median decode latency = median of the steps' times; decode tokens/s = batch / median decode time. Absent for an output
 *   of one token, which has no decode step
 * - total latency = prefill time + Σ decode times; overall tokens/s = batch × (input + output length) / total time. Absent
 *   where steps are missing
 *
 * Source: SGLang's `bench_one_batch`.
 */
export function batchCaseMetrics(measured: BatchCase): BatchCaseMetrics {
  const { batch, inputLength, outputLength, prefillNs, decodeNs, skipped } = measured
  const lengths = { batch, inputLength, outputLength }
  if (skipped !== undefined || prefillNs === undefined) return { ...lengths, skipped: skipped ?? 'it was not measured' }
  const medianDecodeNs = decodeNs.length > 0 ? percentile(Float64Array.from(decodeNs).toSorted(), 50) : undefined
  const totalNs = decodeNs.length === outputLength - 1 ? decodeNs.reduce((sum, step) => sum + step, prefillNs) : undefined
  return {
    ...lengths,
    prefillLatency: prefillNs / 1e6,
    ...present({
      prefillTokensPerSecond: perSecond(batch * inputLength, prefillNs),
      medianDecodeLatency: medianDecodeNs === undefined ? undefined : medianDecodeNs / 1e6,
      decodeTokensPerSecond: perSecond(batch, medianDecodeNs),
      totalLatency: totalNs === undefined ? undefined : totalNs / 1e6,
      overallTokensPerSecond: perSecond(batch * (inputLength + outputLength), totalNs),
    }),
  }
}

function perSecond(tokens: number, ns: number | undefined): number | undefined {
  return ns !== undefined && ns > 0 ? tokens / (ns / 1e9) : undefined
}

import type { BatchMetrics, RunMetrics } from '../metrics/summary-types.ts'

/** A run's main throughput: output tokens/s; of a static batch, all tokens over the time of all its cases. */
export function mainThroughput(metrics: RunMetrics): number | undefined {
  return metrics.kind === 'requests' ? metrics.outputTokensPerSecond : overallTokensPerSecond(metrics)
}

/** What the repeats of a bench are ranked by: their main throughput, or requests/s where that is unknown of some. */
function throughputsOf(runs: readonly RunMetrics[]): number[] {
  for (const figure of [mainThroughput, requestsPerSecond]) {
    const values = runs.flatMap((metrics) => figure(metrics) ?? [])
    // Runs are ranked by one figure or by none.
    if (values.length === runs.length) return values
  }
  return []
}

function requestsPerSecond(metrics: RunMetrics): number | undefined {
  return metrics.kind === 'requests' ? metrics.requestsPerSecond : undefined
}

function overallTokensPerSecond({ cases }: BatchMetrics): number | undefined {
  let tokens = 0
  let ms = 0
  for (const { batch, inputLength, outputLength, totalLatency } of cases) {
    if (totalLatency === undefined) continue
    tokens += batch * (inputLength + outputLength)
    ms += totalLatency
  }
  return ms > 0 ? (tokens / ms) * 1000 : undefined
}

/**
 * Index of the run that stands for all: the one whose main throughput is the median; of an even number, the lower of the two in
 * the middle. Where the throughput of a run is unknown, the last one.
 */
export function standingRun(runs: readonly RunMetrics[]): number {
  const values = throughputsOf(runs)
  if (values.length === 0) return runs.length - 1
  return medianIndex(values, (a, b) => a - b)
}

/** Index of the median by an order that has the worst first; of an even number, the worse of the two in the middle. */
export function medianIndex<Item>(items: readonly Item[], worstFirst: (a: Item, b: Item) => number): number {
  const order = items.map((_, index) => index).toSorted((a, b) => worstFirst(items[a]!, items[b]!))
  return order[Math.floor((items.length - 1) / 2)]!
}

import type { RequestColumns } from './columns.ts'
import { distributionInPlace, distributionOfParts } from './percentiles.ts'
import type { Distribution, LatencyMetrics } from './summary-types.ts'

const NS_PER_MS = 1e6

/** A figure of one request, NaN where the request has none. */
export type RequestFigure = (columns: RequestColumns, request: number) => number

/** Which requests a statistic is about. */
export type RequestFilter = (columns: RequestColumns, request: number) => boolean

/** TTFT in ms: first token of any kind (reasoning included) − sent. */
export const ttftMs: RequestFigure = (columns, i) => (columns.firstTokenNs[i]! - columns.sentNs[i]!) / NS_PER_MS

/** TTFO in ms: first token of the answer (not of reasoning) − sent. */
export const ttfoMs: RequestFigure = (columns, i) => (columns.firstAnswerNs[i]! - columns.sentNs[i]!) / NS_PER_MS

/** E2E latency in ms: last token − sent. */
export const e2eMs: RequestFigure = (columns, i) => (columns.lastTokenNs[i]! - columns.sentNs[i]!) / NS_PER_MS

/**
 * Whether all tokens of an answer of several came in one read of the socket: a proxy that buffers, one chunk, a busy machine.
 * Then nothing is known of the time between them; taken for zero it would make the server infinitely fast.
 */
export function cameInOneRead(columns: RequestColumns, i: number): boolean {
  return columns.outputTokens[i]! > 1 && columns.lastTokenNs[i] === columns.firstTokenNs[i]
}

/**
 * TPOT in ms: (E2E − TTFT) / (output tokens − 1), which is (last token − first token) / (output tokens − 1); NaN for one
 * token, for an unknown number of them, and where all came in one read. Source: the usual definition, as in vLLM's and
 * SGLang's serving benchmarks.
 */
export const tpotMs: RequestFigure = (columns, i) => {
  const tokens = columns.outputTokens[i]!
  if (!(tokens > 1) || cameInOneRead(columns, i)) return Number.NaN
  return (columns.lastTokenNs[i]! - columns.firstTokenNs[i]!) / (tokens - 1) / NS_PER_MS
}

/** Output tokens per second that one user sees once the answer has begun: 1 / TPOT, in tokens/s; NaN where there is no TPOT. */
export const perUserTokensPerSecond: RequestFigure = (columns, i) => 1000 / tpotMs(columns, i)

/** Schedule delay in ms: sent − scheduled. */
export const scheduleDelayMs: RequestFigure = (columns, i) => (columns.sentNs[i]! - columns.scheduledNs[i]!) / NS_PER_MS

/** How long opening a connection took, in ms; NaN for a request that found one open. */
export const connectMs: RequestFigure = (columns, i) => columns.connectNs[i]! / NS_PER_MS

/** TTFT from the schedule in ms: first token − scheduled; what an arriving user waits, the client's own queue included. */
export const ttftFromScheduleMs: RequestFigure = (columns, i) => (columns.firstTokenNs[i]! - columns.scheduledNs[i]!) / NS_PER_MS

/** E2E latency from the schedule in ms: last token − scheduled. */
export const e2eFromScheduleMs: RequestFigure = (columns, i) => (columns.lastTokenNs[i]! - columns.scheduledNs[i]!) / NS_PER_MS

/** A request's longest gap between token-bearing chunks in ms; NaN where it has no gap. */
export const longestGapMs: RequestFigure = (columns, i) => {
  let longest = Number.NaN
  for (let k = columns.gapOffsets[i]!; k < columns.gapOffsets[i + 1]!; k++) {
    const gap = columns.gapsMs[k]!
    if (!(gap <= longest)) longest = gap
  }
  return longest
}

/** Requests that completed: failed ones enter no latency statistic. */
export const isCompleted: RequestFilter = (columns, i) => columns.completed[i] === 1

/** Completed requests that were both sent and finished in a window, its ends included. */
export function isInside([startNs, endNs]: readonly [number, number]): RequestFilter {
  return (columns, i) => isCompleted(columns, i) && columns.sentNs[i]! >= startNs && columns.lastTokenNs[i]! <= endNs
}

/** The distribution of a figure over the requests that pass the filter and have the figure; undefined where none has. */
export function distributionOf(columns: RequestColumns, figure: RequestFigure, filter: RequestFilter): Distribution | undefined {
  const values = new Float64Array(columns.length)
  let count = 0
  for (let i = 0; i < columns.length; i++) {
    if (!filter(columns, i)) continue
    const value = figure(columns, i)
    if (!Number.isNaN(value)) values[count++] = value
  }
  return distributionInPlace(values.subarray(0, count))
}

/**
 * ITL in ms: the gaps of all requests that pass the filter, pooled into one sample; undefined where there is no gap. Answers that
 * came in one read have none that is known.
 */
function pooledGaps(columns: RequestColumns, passes: RequestFilter): Distribution | undefined {
  const { gapOffsets } = columns
  const bounds: number[] = []
  let requests = 0
  for (let i = 0; i < columns.length; i++) {
    const from = gapOffsets[i]!
    const to = gapOffsets[i + 1]!
    if (from === to || !passes(columns, i) || cameInOneRead(columns, i)) continue
    requests++
    // Requests that follow one another make one part.
    if (bounds.at(-1) === from) bounds[bounds.length - 1] = to
    else bounds.push(from, to)
  }
  const sample = distributionOfParts(columns.gapsMs, bounds)
  return sample && { ...sample, requests }
}

/**
 * The latencies of the requests that pass the filter.
 * @param streamed whether answers came as streams: without, there is E2E alone
 */
export function latenciesOf(
  columns: RequestColumns,
  streamed: boolean,
  filter: RequestFilter,
): { [Name in keyof Required<LatencyMetrics>]: Distribution | undefined } {
  const ifStreamed = (figure: RequestFigure): Distribution | undefined => (streamed ? distributionOf(columns, figure, filter) : undefined)
  return {
    ttft: ifStreamed(ttftMs),
    ttfo: ifStreamed(ttfoMs),
    tpot: ifStreamed(tpotMs),
    itl: streamed ? pooledGaps(columns, filter) : undefined,
    e2e: distributionOf(columns, e2eMs, filter),
  }
}

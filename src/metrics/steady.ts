import type { RequestColumns } from './columns.ts'
import { isCompleted, isInside, latenciesOf } from './latencies.ts'
import { present } from './present.ts'
import { ratesOver, type Totals } from './rates.ts'
import type { RequestMetrics } from './summary-types.ts'

type Window = readonly [startNs: number, endNs: number]

/**
 * Figures of the steady window, from the end of ramp-up to the first client's finish (what arrives at its very start is
 * outside, at its very end inside).
 *
 * Rates count what arrived inside, whichever request it belongs to: requests whose last token did, and tokens by their own
 * times (a request's chunks lie at its first token and, from there, its gaps; each carries output tokens / chunks; its
 * input counts at the first token). Where answers are not streamed, tokens count at the answer's arrival. Latencies are of
 * requests that were sent and finished inside.
 * @returns undefined where the window has no length or no request finished in it
 */
export function steadyMetrics(columns: RequestColumns, window: Window, streamed: boolean): RequestMetrics['steady'] {
  const seconds = (window[1] - window[0]) / 1e9
  if (!(seconds > 0)) return undefined
  const totals = arrivedInside(columns, window, streamed)
  if (totals.completed === 0) return undefined
  return {
    seconds,
    completed: totals.completed,
    ...present(ratesOver(seconds, totals)),
    ...present(latenciesOf(columns, streamed, isInside(window))),
  }
}

function arrivedInside(columns: RequestColumns, window: Window, streamed: boolean): Totals {
  let completed = 0
  let inputTokens: number | undefined = 0
  let outputTokens: number | undefined = 0
  for (let i = 0; i < columns.length; i++) {
    if (!isCompleted(columns, i)) continue
    const finishNs = columns.lastTokenNs[i]!
    const beginNs = streamed && !Number.isNaN(columns.firstTokenNs[i]!) ? columns.firstTokenNs[i]! : finishNs
    if (isWithin(finishNs, window)) completed++
    if (isWithin(beginNs, window)) inputTokens = sum(inputTokens, columns.promptTokens[i]!)
    if (finishNs > window[0] && beginNs <= window[1]) {
      const tokens = columns.outputTokens[i]!
      outputTokens = sum(outputTokens, tokens < 0 ? tokens : tokens * shareInside(columns, i, window, beginNs))
    }
  }
  return { completed, inputTokens, outputTokens }
}

/** The share of a request's token-bearing chunks that arrived in the window. */
function shareInside(columns: RequestColumns, request: number, window: Window, beginNs: number): number {
  const finishNs = columns.lastTokenNs[request]!
  if (beginNs > window[0] && finishNs <= window[1]) return 1
  const from = columns.gapOffsets[request]!
  const to = columns.gapOffsets[request + 1]!
  if (from === to) return isWithin(finishNs, window) ? 1 : 0
  let timeNs = beginNs
  let inside = isWithin(timeNs, window) ? 1 : 0
  for (let k = from; k < to; k++) {
    timeNs += columns.gapsMs[k]! * 1e6
    if (isWithin(timeNs, window)) inside++
  }
  return inside / (to - from + 1)
}

function isWithin(timeNs: number, [startNs, endNs]: Window): boolean {
  return timeNs > startNs && timeNs <= endNs
}

/** −1 stands for an unknown count, and a sum with an unknown part is unknown. */
function sum(total: number | undefined, count: number): number | undefined {
  return total === undefined || count < 0 ? undefined : total + count
}

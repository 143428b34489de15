import type { RequestColumns } from '../../metrics/columns.ts'
import { isCompleted } from '../../metrics/latencies.ts'
import type { RateName } from '../../metrics/metric-names.ts'
import { BLOCKS, blockedError } from './blocks.ts'

/**
 * Relative standard errors of a run's rates, by batch means over equal slices of a window: how much a slice's amount differs from the
 * next one's. A request and its tokens count evenly from its sending to its last token, so that answers that end together, as those of
 * a batch do, are not taken for bursts of work.
 * @param window of time, in ns: the steady one, else the whole load
 * @returns shares of the rates; absent where too few slices have any work
 */
export function relativeRateErrors(columns: RequestColumns, window: readonly [number, number]): Partial<Record<RateName, number>> {
  const [requests, output, total] = [new Float64Array(BLOCKS), new Float64Array(BLOCKS), new Float64Array(BLOCKS)]
  const slice = (window[1] - window[0]) / BLOCKS
  if (!(slice > 0)) return {}
  for (let i = 0; i < columns.length; i++) {
    if (!isCompleted(columns, i)) continue
    const [from, to] = [(columns.sentNs[i]! - window[0]) / slice, (columns.lastTokenNs[i]! - window[0]) / slice]
    const perSlice = 1 / Math.max(to - from, Number.EPSILON)
    const outputTokens = columns.outputTokens[i]!
    const tokens = outputTokens + columns.promptTokens[i]!
    for (let at = Math.max(0, Math.floor(from)); at < BLOCKS && at < to; at++) {
      const share = (Math.min(to, at + 1) - Math.max(from, at)) * perSlice
      requests[at]! += share
      output[at]! += share * outputTokens
      total[at]! += share * tokens
    }
  }
  return {
    ...relative('requestsPerSecond', requests),
    ...relative('outputTokensPerSecond', output),
    ...relative('totalTokensPerSecond', total),
  }
}

function relative(name: RateName, amounts: Float64Array): Partial<Record<RateName, number>> {
  const sum = amounts.reduce((all, amount) => all + amount, 0)
  const error = sum > 0 ? blockedError(amounts, new Float64Array(BLOCKS).fill(1)) : undefined
  return error === undefined ? {} : { [name]: (error * BLOCKS) / sum }
}

import type { RequestColumns } from '../metrics/columns.ts'
import {
  connectMs,
  e2eFromScheduleMs,
  e2eMs,
  isCompleted,
  isInside,
  longestGapMs,
  type RequestFigure,
  type RequestFilter,
  scheduleDelayMs,
  tpotMs,
  ttfoMs,
  ttftFromScheduleMs,
  ttftMs,
} from '../metrics/latencies.ts'
import type { DistributionName, LatencyName } from '../metrics/metric-names.ts'
import type { WorstRequest } from './verdict.ts'

/** Each latency of one request; of its gaps, the longest. */
export const LATENCY_FIGURES: Readonly<Record<LatencyName, RequestFigure>> = {
  ttft: ttftMs,
  ttfo: ttfoMs,
  tpot: tpotMs,
  itl: longestGapMs,
  e2e: e2eMs,
}

const OTHER_FIGURES: Readonly<Partial<Record<DistributionName, RequestFigure>>> = {
  'fromSchedule.ttft': ttftFromScheduleMs,
  'fromSchedule.e2e': e2eFromScheduleMs,
  scheduleDelay: scheduleDelayMs,
  connect: connectMs,
}

const SHOWN = 3

/** The requests farthest out on the bad side of a latency: up to three, the worst first. */
export function worstRequests(
  columns: RequestColumns,
  distribution: DistributionName,
  direction: 'min' | 'max',
  steadyNs: readonly [number, number] | undefined,
): WorstRequest[] {
  const [figure, filter] = figureOf(distribution, steadyNs)
  if (!figure) return []
  const worst: WorstRequest[] = []
  const isWorse = (a: number, b: number): boolean => (direction === 'max' ? a > b : a < b)
  for (let i = 0; i < columns.length; i++) {
    if (!filter(columns, i)) continue
    const value = figure(columns, i)
    const last = worst[SHOWN - 1]
    if (Number.isNaN(value) || (last && !isWorse(value, last.value))) continue
    const at = worst.findIndex((other) => isWorse(value, other.value))
    worst.splice(at === -1 ? worst.length : at, 0, describe(columns, i, value))
    worst.length = Math.min(worst.length, SHOWN)
  }
  return worst
}

function figureOf(
  distribution: DistributionName,
  steadyNs: readonly [number, number] | undefined,
): [figure: RequestFigure | undefined, filter: RequestFilter] {
  if (distribution.startsWith('steady.')) {
    if (!steadyNs) return [undefined, isCompleted]
    return [LATENCY_FIGURES[distribution.slice('steady.'.length) as LatencyName], isInside(steadyNs)]
  }
  const figure = LATENCY_FIGURES[distribution as LatencyName] ?? OTHER_FIGURES[distribution]
  return [figure, distribution === 'scheduleDelay' || distribution === 'connect' ? () => true : isCompleted]
}

function describe(columns: RequestColumns, index: number, value: number): WorstRequest {
  const client = columns.client[index]!
  return { index, ...(client < 0 ? {} : { client }), promptIndex: columns.promptIndex[index]!, value }
}

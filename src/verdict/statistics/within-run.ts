import type { RequestColumns } from '../../metrics/columns.ts'
import {
  cameInOneRead,
  connectMs,
  e2eFromScheduleMs,
  e2eMs,
  isCompleted,
  isInside,
  perUserTokensPerSecond,
  scheduleDelayMs,
  tpotMs,
  ttfoMs,
  ttftFromScheduleMs,
  ttftMs,
} from '../../metrics/latencies.ts'
import type { RequestFigure, RequestFilter } from '../../metrics/latencies.ts'
import type { DistributionName } from '../../metrics/metric-names.ts'
import type { RequestRecord } from '../../metrics/record.ts'
import type { Distribution } from '../../metrics/summary-types.ts'
import { BlockedSample } from './blocked-sample.ts'
import { BLOCKS, blockedError, blocksByTime, NO_BLOCK } from './blocks.ts'
import { Histogram } from './histogram.ts'

type Which = 'all' | 'completed' | 'steady'

const FIGURES: Readonly<Partial<Record<DistributionName, RequestFigure>>> = {
  ttft: ttftMs,
  ttfo: ttfoMs,
  tpot: tpotMs,
  e2e: e2eMs,
  'steady.ttft': ttftMs,
  'steady.ttfo': ttfoMs,
  'steady.tpot': tpotMs,
  'steady.e2e': e2eMs,
  'fromSchedule.ttft': ttftFromScheduleMs,
  'fromSchedule.e2e': e2eFromScheduleMs,
  perUserTokensPerSecond,
  scheduleDelay: scheduleDelayMs,
  connect: connectMs,
}

/**
 * Reads the errors of a run's distributions from blocks of requests, in the order in which they were sent: requests of one run are
 * correlated, and a request says less than one that stands alone.
 */
export class WithinRun {
  readonly #columns: RequestColumns
  readonly #filters: Readonly<Record<Which, RequestFilter>>
  readonly #blocks = new Map<string, Uint8Array | undefined>()

  constructor({ columns, steadyNs }: Pick<RequestRecord, 'columns' | 'steadyNs'>) {
    this.#columns = columns
    this.#filters = { all: () => true, completed: isCompleted, steady: steadyNs === undefined ? () => false : isInside(steadyNs) }
  }

  /**
   * The values that a distribution is of, with their blocks.
   * @param known the distribution itself
   */
  sampleOf(name: DistributionName, known: Distribution): BlockedSample {
    const which = name.startsWith('steady.') ? 'steady' : name === 'scheduleDelay' || name === 'connect' ? 'all' : 'completed'
    const blocks = this.#blocksOf(which)
    const sample = new BlockedSample(known)
    if (name === 'itl' || name === 'steady.itl') this.#addGaps(sample, which, blocks)
    else this.#addFigures(sample, FIGURES[name]!, which, blocks)
    return sample
  }

  /** Spread of the output lengths of completed requests whose length is known. */
  outputLengths(): Histogram {
    const histogram = new Histogram()
    const { outputTokens, length } = this.#columns
    for (let i = 0; i < length; i++) if (isCompleted(this.#columns, i) && outputTokens[i]! >= 0) histogram.add(outputTokens[i]!)
    return histogram
  }

  /** Standard error of the share of requests that completed. */
  successRateError(): number | undefined {
    const blocks = this.#blocksOf('all')
    if (blocks === undefined) return undefined
    const [completed, all] = [new Float64Array(BLOCKS), new Float64Array(BLOCKS)]
    for (let i = 0; i < blocks.length; i++) {
      const block = blocks[i]!
      all[block]!++
      if (isCompleted(this.#columns, i)) completed[block]!++
    }
    return blockedError(completed, all)
  }

  #addFigures(sample: BlockedSample, figure: RequestFigure, which: Which, blocks: Uint8Array | undefined): void {
    const [columns, passes] = [this.#columns, this.#filters[which]]
    for (let i = 0; i < columns.length; i++) {
      if (!passes(columns, i)) continue
      const value = figure(columns, i)
      if (!Number.isNaN(value)) sample.add(value, blocks === undefined ? NO_BLOCK : blocks[i]!)
    }
  }

  #addGaps(sample: BlockedSample, which: Which, blocks: Uint8Array | undefined): void {
    const [columns, passes] = [this.#columns, this.#filters[which]]
    const { gapOffsets, gapsMs } = columns
    for (let i = 0; i < columns.length; i++) {
      const [from, to] = [gapOffsets[i]!, gapOffsets[i + 1]!]
      if (from === to || !passes(columns, i) || cameInOneRead(columns, i)) continue
      sample.addStretch(gapsMs, from, to, blocks === undefined ? NO_BLOCK : blocks[i]!)
    }
  }

  #blocksOf(which: Which): Uint8Array | undefined {
    if (!this.#blocks.has(which)) {
      const [columns, passes] = [this.#columns, this.#filters[which]]
      const sentNs = new Float64Array(columns.length)
      for (let i = 0; i < columns.length; i++) sentNs[i] = passes(columns, i) ? sentOrPlanned(columns, i) : Number.NaN
      this.#blocks.set(which, blocksByTime(sentNs))
    }
    return this.#blocks.get(which)
  }
}

/** A request that failed before it was sent still has its place. */
function sentOrPlanned({ sentNs, scheduledNs }: RequestColumns, i: number): number {
  return Number.isNaN(sentNs[i]!) ? scheduledNs[i]! : sentNs[i]!
}

import { createRandom } from '../datasets/sampling.ts'
import type { RequestRateSpec } from '../dsl/workload-spec.ts'
import { concat } from '../metrics/merge-columns.ts'
import type { Call } from './answer-rows.ts'
import { dispatch } from './dispatch.ts'
import type { Driver } from './driver.ts'
import { sendCall } from './driver.ts'
import { answerLength } from './lengths.ts'
import type { LoopOutcome, LoopResult, Span } from './loop-result.ts'
import { preparePrompts } from './prompts.ts'
import { RequestLog } from './request-log.ts'
import { arrivalTimes } from './schedule.ts'
import { STREAMS, seedFor } from './seeds.ts'
import { Shuffle } from './shuffle.ts'

/** What one worker's open loop alone knows. */
export interface OpenFacts {
  readonly sent: number
  /** By how much each of its requests came up for sending later than scheduled, in ns. */
  readonly latenessNs: Float64Array
  readonly cancelled: boolean
}

/**
 * Requests on a schedule that is computed beforehand and never waits for answers; arrival i is sent by worker i modulo their
 * number. What `maxConcurrency` holds back waits here, in order; how long shows in sent − scheduled.
 */
export async function openLoop(driver: Driver<RequestRateSpec>): Promise<LoopOutcome<OpenFacts>> {
  const { spec, dataset, clock, progress, shared, signal } = driver
  const { rows } = dataset
  const arrivals = arrivalTimes(spec, createRandom(spec.seed, STREAMS.arrivals))
  const mine = Math.ceil(arrivals.length / shared.share.of)
  const latenessNs = new Float64Array(mine)
  let cameUp = 0
  let sent = 0
  const log = new RequestLog(mine, driver.counter, spec.keepAnswers)
  const prompts = preparePrompts(dataset, spec.systemPrompt)
  const order = new Shuffle(rows.length, createRandom(spec.seed, STREAMS.order, 0))

  const startNs = await driver.start()
  progress.begin('running', 'requests', arrivals.length)
  const send = async (i: number): Promise<void> => {
    sent++
    const promptIndex = order.at(i)
    const prompt = prompts[promptIndex]!
    const call: Call = {
      promptIndex,
      messages: prompt.messages,
      length: answerLength(spec, prompt.expectedTokens),
      seed: seedFor(spec.seed, promptIndex, i),
      scheduledNs: startNs + arrivals[i]!,
    }
    log.add(call, await sendCall(driver, call))
  }

  await dispatch({
    count: arrivals.length,
    share: shared.share,
    dueNs: (i) => startNs + arrivals[i]!,
    gate: shared.gate(spec.maxConcurrency ?? Infinity),
    clock,
    send,
    onDue: (lateNs) => {
      latenessNs[cameUp++] = lateNs
    },
    signal,
  })
  return { log, facts: { sent, latenessNs: latenessNs.subarray(0, cameUp), cancelled: signal.aborted } }
}

/** What the workers' open loops come to. */
export function openResult(facts: readonly OpenFacts[], rows: number, span: Span | undefined): LoopResult {
  return {
    span,
    latenessNs: concat(facts.map(({ latenessNs }) => latenessNs)),
    wrapped: facts.reduce((sum, { sent }) => sum + sent, 0) > rows,
    partial: facts.some(({ cancelled }) => cancelled),
    notes: [],
  }
}

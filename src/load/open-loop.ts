import { createRandom } from '../datasets/sampling.ts'
import type { RequestRateSpec } from '../dsl/workload-spec.ts'
import type { Clock } from '../metrics/clock.ts'
import type { Call } from './answer-rows.ts'
import type { Driver } from './driver.ts'
import { sendCall } from './driver.ts'
import { answerLength } from './lengths.ts'
import type { LoopResult } from './loop-result.ts'
import { preparePrompts } from './prompts.ts'
import { RequestLog } from './request-log.ts'
import { arrivalTimes } from './schedule.ts'
import { STREAMS, seedFor } from './seeds.ts'
import { createSequences } from './sequences.ts'
import { callAt } from './timers.ts'

/**
 * Requests on a schedule that is computed beforehand and never waits for answers. What `maxConcurrency` holds back waits
 * here, in order; how long shows in sent − scheduled.
 */
export async function openLoop(driver: Driver<RequestRateSpec>): Promise<LoopResult> {
  const { spec, dataset, clock, progress, signal } = driver
  const { rows } = dataset
  const arrivals = arrivalTimes(spec, createRandom(spec.seed, STREAMS.arrivals))
  const latenessNs = new Float64Array(arrivals.length)
  let cameUp = 0
  const log = new RequestLog(arrivals.length, driver.counter)
  const prompts = preparePrompts(dataset, spec.systemPrompt)
  const sequences = createSequences({
    clients: 1,
    order: 'shared',
    rows: rows.length,
    turnsOf: () => 1,
    random: (stream) => createRandom(spec.seed, STREAMS.order, stream),
  })

  progress.begin('running', 'requests', arrivals.length)
  const startNs = clock.now()
  const send = async (i: number): Promise<void> => {
    const turn = sequences.of(0).next(1)[0]!
    const prompt = prompts[turn.row]!
    const call: Call = {
      promptIndex: turn.row,
      messages: prompt.messages,
      length: answerLength(spec, prompt.expectedTokens),
      seed: seedFor(spec.seed, turn.row, turn.ordinal),
      scheduledNs: startNs + arrivals[i]!,
    }
    log.add(call, await sendCall(driver, call))
  }

  await dispatch({
    count: arrivals.length,
    dueNs: (i) => startNs + arrivals[i]!,
    maxInFlight: spec.maxConcurrency ?? Infinity,
    clock,
    send,
    onDue: (lateNs) => {
      latenessNs[cameUp++] = lateNs
    },
    onAllSent: () => {
      progress.phase = 'draining'
    },
    signal,
  })
  return {
    log,
    span: log.span,
    latenessNs: latenessNs.subarray(0, cameUp),
    wrapped: sequences.rowsDrawn() > rows.length,
    partial: signal.aborted,
    notes: [],
  }
}

interface Dispatch {
  readonly count: number
  readonly dueNs: (i: number) => number
  readonly maxInFlight: number
  readonly clock: Clock
  readonly send: (i: number) => Promise<void>
  /** Told of each request that comes up, and how late that is. */
  readonly onDue: (lateNs: number) => void
  readonly onAllSent: () => void
  readonly signal: AbortSignal
}

/** Sends each request as soon as it is due and allowed; resolves when all that were sent have ended. */
function dispatch({ count, dueNs, maxInFlight, clock, send, onDue, onAllSent, signal }: Dispatch): Promise<void> {
  return new Promise((resolve, reject) => {
    let due = 0
    let sent = 0
    let inFlight = 0
    let stopTimer: (() => void) | undefined

    const settle = (): void => {
      if (inFlight === 0 && (sent === count || signal.aborted)) {
        signal.removeEventListener('abort', cancel)
        resolve()
      }
    }
    const sendNext = async (): Promise<void> => {
      await send(sent++)
      inFlight--
      sendDue()
    }
    const sendDue = (): void => {
      const allowed = signal.aborted ? 0 : Math.min(due - sent, maxInFlight - inFlight)
      for (let i = 0; i < allowed; i++) {
        inFlight++
        sendNext().catch(reject)
      }
      if (allowed > 0 && sent === count) onAllSent()
      settle()
    }
    const tick = (): void => {
      const time = clock.now()
      while (due < count && dueNs(due) <= time) onDue(time - dueNs(due++))
      sendDue()
      if (due < count && !signal.aborted) stopTimer = callAt(clock, dueNs(due), tick)
    }
    const cancel = (): void => {
      stopTimer?.()
      settle()
    }
    signal.addEventListener('abort', cancel)
    tick()
  })
}

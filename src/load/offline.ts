import type { Dataset } from '../datasets/dataset.ts'
import { createRandom } from '../datasets/sampling.ts'
import type { OfflineSpec } from '../dsl/workload-spec.ts'
import type { Engine, EngineAnswer, EngineRequest, Schedule } from '../engines/engine.ts'
import type { Clock } from '../metrics/clock.ts'
import type { RequestRow } from '../metrics/columns.ts'
import { seedNotes } from './carried.ts'
import { answerLength } from './lengths.ts'
import type { AnswerLength } from './lengths.ts'
import type { LoopResult } from './loop-result.ts'
import { preparePrompts } from './prompts.ts'
import type { ProgressMeter } from './progress-meter.ts'
import { RequestLog } from './request-log.ts'
import { STREAMS, seedFor } from './seeds.ts'
import { Shuffle } from './shuffle.ts'
import type { TokenCounter } from './token-counter.ts'
import { unlikeTheLoad } from './warm-up-prompt.ts'
import { warmupNote } from './warm-up.ts'

/** Longest answer of a warm-up request. */
const WARMUP_TOKENS = 16
/** Warm-up requests at a time where a duration says how long they go on. */
const WARMUP_REQUESTS = 16

/** A request as it is planned: what the engine gets, and what its row needs. */
export interface OfflineCall {
  readonly promptIndex: number
  readonly request: EngineRequest
  readonly length: AnswerLength
}

/** The requests of an offline run: rows of the dataset in seeded order, used again where there are too few. */
export function offlineCalls(spec: OfflineSpec, dataset: Dataset): OfflineCall[] {
  const prompts = preparePrompts(dataset)
  const order = new Shuffle(dataset.rows.length, createRandom(spec.seed, STREAMS.order, 0))
  return Array.from({ length: spec.requests }, (_, i) => {
    const promptIndex = order.at(i)
    const { messages, expectedTokens } = prompts[promptIndex]!
    const length = answerLength(spec, expectedTokens)
    const request: EngineRequest = {
      messages,
      maxTokens: length.maxTokens,
      minTokens: length.minTokens,
      ignoreEos: length.ignoreEos ?? false,
      temperature: spec.doSample === false ? 0 : spec.temperature,
      topP: spec.topP,
      topK: spec.topK,
      seed: seedFor(spec.seed, promptIndex, i),
    }
    return { promptIndex, request, length }
  })
}

/** How the engine is to schedule the requests, where the workload says. */
export function scheduleOf({ mode, maxBatchSize = 1, requests }: OfflineSpec): Schedule | undefined {
  if (mode === undefined) return undefined
  return { mode, together: { naive: 1, offline: requests, online: maxBatchSize }[mode] }
}

export interface OfflineDriver {
  readonly spec: OfflineSpec
  readonly dataset: Dataset
  readonly engine: Engine
  readonly clock: Clock
  readonly counter: TokenCounter
  readonly progress: ProgressMeter
  readonly signal: AbortSignal
}

/**
 * Warms the engine up with short requests, then submits everything at once; where the workload limits what is in flight, the
 * next request as one ends. The time begins with the first submission: what an engine does in it is part of the run.
 */
export async function offlineLoop(
  driver: OfflineDriver,
  calls: readonly OfflineCall[],
): Promise<LoopResult & { readonly log: RequestLog }> {
  const { dataset, engine, clock, progress, signal } = driver
  const log = new RequestLog(calls.length, driver.counter, driver.spec.keepAnswers)
  const warmedUp = await warmUp(driver, calls)

  const submit = async (first: number, count: number): Promise<void> => {
    const scheduledNs = clock.now()
    const submitted = calls.slice(first, first + count)
    progress.started += submitted.length
    const take = (index: number, answer: EngineAnswer): void => {
      const call = submitted[index]!
      // The engine's word for a request that it gave up is its own; after a cancel there is no other cause.
      if (answer.error !== undefined && signal.aborted) return log.cut()
      progress.ended(answer.error === undefined)
      const endNs = answer.lastTokenNs ?? clock.now()
      const error = answer.error === undefined ? undefined : ({ kind: 'server', message: answer.error } as const)
      log.addRows([rowOf(call, answer, scheduledNs, engine.info.name)], call, { endNs, error, choices: [answer] })
    }
    const onTokens = (count: number): void => {
      progress.outputTokens += count
    }
    const requests = submitted.map(({ request }) => request)
    await engine.generate(requests, { originNs: clock.originNs, signal, onTokens, onAnswer: take })
  }

  progress.begin('running', 'requests', calls.length)
  const startNs = clock.now()
  const inFlight = inFlightOf(driver.spec)
  try {
    if (inFlight === undefined) await submit(0, calls.length)
    else {
      let next = 0
      const worker = async (): Promise<void> => {
        while (next < calls.length && !signal.aborted) await submit(next++, 1)
      }
      await Promise.all(Array.from({ length: Math.min(inFlight, calls.length) }, worker))
    }
  } catch (error) {
    // What had ended before the cancel has been taken already.
    if (!signal.aborted) throw error
  }
  return {
    log,
    span: log.span && [startNs, log.span[1]],
    wrapped: calls.length > dataset.rows.length,
    partial: signal.aborted,
    notes: [...seedNotes(driver.spec, engine.info.noSeed), ...(warmedUp === 0 ? [] : [warmupNote(warmedUp)])],
  }
}

/** Requests that the loop lets be in flight; the scheduling of the other modes is the engine's. */
function inFlightOf({ mode, concurrency }: OfflineSpec): number | undefined {
  return mode === 'naive' ? 1 : concurrency
}

/** Runs short requests that are in no figure, and tells how many. */
async function warmUp({ spec, engine, clock, progress, signal }: OfflineDriver, calls: readonly OfflineCall[]): Promise<number> {
  const { warmup } = spec
  const endNs = clock.now() + 1e9 * ('duration' in warmup ? warmup.duration : 0)
  const each = 'requests' in warmup ? warmup.requests : WARMUP_REQUESTS
  if (each === 0) return 0
  progress.phase = 'warm-up'
  let count = 0
  do {
    await engine.generate(warmupRequests(count, each, calls, engine), { originNs: clock.originNs, signal })
    count += each
  } while (clock.now() < endNs && !signal.aborted)
  return count
}

function warmupRequests(first: number, count: number, calls: readonly OfflineCall[], { info }: Engine): EngineRequest[] {
  return Array.from({ length: count }, (_, at) => {
    const i = first + at
    const call = calls[i % calls.length]!
    const request = { ...call.request, messages: unlikeTheLoad(call.request.messages, i) }
    if (info.outputLength !== undefined) return request
    return { ...request, maxTokens: Math.min(WARMUP_TOKENS, request.maxTokens), minTokens: undefined }
  })
}

function rowOf(call: OfflineCall, answer: EngineAnswer, scheduledNs: number, engine: string): RequestRow {
  const completed = answer.error === undefined
  return {
    promptIndex: call.promptIndex,
    scheduledNs,
    sentNs: answer.sentNs,
    firstTokenNs: answer.firstTokenNs,
    firstAnswerNs: answer.firstTokenNs,
    lastTokenNs: answer.lastTokenNs,
    promptTokens: answer.promptTokens,
    outputTokens: answer.outputTokens,
    chunks: answer.firstTokenNs === undefined ? 0 : answer.gapsMs.length + 1,
    completed,
    errorKind: completed ? undefined : 'server',
    finishReason: answer.finishReason,
    target: engine,
    gapsMs: answer.gapsMs,
  }
}

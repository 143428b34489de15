import type { Dataset } from '../datasets/dataset.ts'
import type { RequestWorkloadSpec } from '../dsl/workload-spec.ts'
import type { Clock } from '../metrics/clock.ts'
import type { Answer, GenerateRequest, Target } from '../targets/target.ts'
import type { Call } from './answer-rows.ts'
import type { FailureWatch } from './failure-watch.ts'
import type { SharedLoad } from './pool/shared-load.ts'
import type { ProgressMeter } from './progress-meter.ts'
import { isCut } from './request-log.ts'
import type { TokenCounter } from './token-counter.ts'

/** What a worker's loop sends its requests with: everything is loaded, the next thing that happens is the load. */
export interface Driver<Spec extends RequestWorkloadSpec = RequestWorkloadSpec> {
  readonly spec: Spec
  readonly dataset: Dataset
  readonly target: Target
  readonly clock: Clock
  readonly counter: TokenCounter
  readonly progress: ProgressMeter
  readonly signal: AbortSignal
  /** The worker's share of the load, and what it has in common with the others. */
  readonly shared: SharedLoad
  /**
   * Called once all is prepared, and told whether the load has been rehearsed; gives the moment at which it begins in all workers, a
   * little in the future if there are several.
   */
  readonly start: (isRehearsed?: boolean) => Promise<number>
  /** Told of each request that has ended; may end the run. */
  readonly failures?: FailureWatch | undefined
}

/** Sends one request and counts it for the progress display. */
export async function sendCall(driver: Driver, call: Call): Promise<Answer> {
  driver.progress.started++
  driver.shared.start()
  const answer = await driver.target.send(requestOf(driver.spec, call), driver.signal)
  driver.shared.end()
  if (isCut(answer)) return answer
  driver.progress.ended(answer.error === undefined)
  driver.progress.lastEndNs = answer.endNs
  driver.failures?.add(answer)
  return answer
}

/** What a planned request asks of the model. */
export function requestOf(spec: RequestWorkloadSpec, call: Call): GenerateRequest {
  const n = call.n ?? 1
  return {
    messages: call.messages,
    maxTokens: call.length.maxTokens,
    minTokens: call.length.minTokens,
    ignoreEos: call.length.ignoreEos,
    temperature: spec.temperature,
    topP: spec.topP,
    topK: spec.topK,
    doSample: spec.doSample,
    seed: call.seed,
    n,
    stream: spec.stream,
    // Usage of several answers is their sum: splitting it may take their texts.
    keepText: call.keepText === true || n > 1 || spec.keepAnswers,
  }
}

import type { RolloutSpec } from '../dsl/workload-spec.ts'
import type { RequestRow } from '../metrics/columns.ts'
import type { Answer } from '../targets/target.ts'
import { rowsOf } from './answer-rows.ts'
import type { Call } from './answer-rows.ts'
import { dispatch } from './dispatch.ts'
import { sendCall } from './driver.ts'
import type { Driver } from './driver.ts'
import { answerLength } from './lengths.ts'
import type { Prompt } from './prompts.ts'
import { isCut } from './request-log.ts'
import { seedFor } from './seeds.ts'
import type { UncountedAnswer } from './token-counter.ts'

/** A request of a batch as it is planned. */
export type BatchCall = Omit<Call, 'scheduledNs'>

/** A batch's requests, in the order in which they are sent. */
export function callsOf(spec: RolloutSpec, prompts: readonly Prompt[], batch: number): BatchCall[] {
  const first = batch * spec.batch
  return prompts.slice(first, first + spec.batch).flatMap(({ messages, expectedTokens }, i) => {
    const promptIndex = first + i
    const call = (sampleIndex: number): BatchCall => ({
      batch,
      promptIndex,
      sampleIndex,
      messages,
      length: answerLength(spec, expectedTokens),
      seed: seedFor(spec.seed, promptIndex, sampleIndex),
      keepText: spec.details,
      n: spec.nPerRequest ? spec.n : 1,
    })
    return spec.nPerRequest ? [call(0)] : Array.from({ length: spec.n }, (_, sample) => call(sample))
  })
}

/** One request of a batch that has ended; plain data, which crosses between workers. */
export interface Exchange {
  /** Index among the batch's calls. */
  readonly call: number
  readonly rows: readonly RequestRow[]
  /** What the rows do not hold. */
  readonly answer: Pick<Answer, 'sentNs' | 'endNs' | 'error' | 'resent'> & Omit<UncountedAnswer, 'messages'>
}

/** A worker's share of a batch. */
export interface BatchShare {
  readonly exchanges: readonly Exchange[]
  /** Requests that were given up because the run was cancelled. */
  readonly cut: number
}

/** Sends one worker's share of each batch: call k is that of worker k modulo their number. */
export class BatchSender {
  readonly #driver: Driver<RolloutSpec>
  readonly #readNs: number[] = []

  constructor(driver: Driver<RolloutSpec>) {
    this.#driver = driver
  }

  /** Sends its share at once, or as soon as `maxConcurrency` lets it; what has ended when the run is cancelled is all there is. */
  async send(calls: readonly BatchCall[], scheduledNs: number): Promise<BatchShare> {
    const { spec, clock, shared, signal } = this.#driver
    const exchanges: Exchange[] = []
    let cut = 0
    const send = async (i: number): Promise<void> => {
      const call: Call = { ...calls[i]!, scheduledNs }
      const answer = await sendCall(this.#driver, call)
      if (isCut(answer)) cut++
      else exchanges.push(this.#taken(i, call, answer))
    }
    const gate = shared.gate(spec.maxConcurrency)
    await dispatch({ count: calls.length, share: shared.share, dueNs: () => scheduledNs, gate, clock, send, signal })
    return { exchanges, cut }
  }

  /** When the first tokens (where nothing streams: the answers) of its completed requests were read, in ns since the run's origin. */
  get readNs(): Float64Array {
    return Float64Array.from(this.#readNs)
  }

  #taken(i: number, call: Call, answer: Answer): Exchange {
    const rows = rowsOf(call, answer)
    for (const { completed, firstTokenNs, lastTokenNs } of rows) {
      const readNs = this.#driver.spec.stream ? firstTokenNs : lastTokenNs
      if (completed && readNs !== undefined) this.#readNs.push(readNs)
    }
    const { sentNs, endNs, error, resent, usage } = answer
    const choices = answer.choices.slice(0, call.n ?? 1).map(({ text, chunks }) => ({ text, chunks }))
    return { call: i, rows, answer: { sentNs, endNs, error, resent, usage, choices } }
  }
}

import type { DatasetRow } from '../datasets/dataset.ts'
import type { RolloutSpec } from '../dsl/workload-spec.ts'
import type { RequestRow } from '../metrics/columns.ts'
import type { RolloutAnswer, RolloutBatch, RolloutPrompt } from '../files/rollout-files.ts'
import type { BatchTime } from '../metrics/record.ts'
import type { Answer } from '../targets/target.ts'
import { lacksTokens, rowsOf, setTokens } from './answer-rows.ts'
import type { Call } from './answer-rows.ts'
import type { Driver } from './driver.ts'
import { sendCall } from './driver.ts'
import { answerLength } from './lengths.ts'
import type { LoopResult } from './loop-result.ts'
import { preparePrompts } from './prompts.ts'
import type { Prompt } from './prompts.ts'
import { RequestLog, isCut, toCount } from './request-log.ts'
import { endingAt } from './restored-batches.ts'
import type { RestoredBatch } from './restored-batches.ts'
import { seedFor } from './seeds.ts'

export interface RolloutContext {
  /** Finished batches of the session that this one goes on from, back to back. */
  readonly restored: readonly RestoredBatch[]
  /** Takes each batch as it ends. */
  readonly appendBatch: (batch: RolloutBatch) => Promise<void>
}

/**
 * Batches of prompts one after another, each prompt answered n times. A batch's time is from its first send to its last
 * response; writing its details and counting its tokens comes after that, before the next batch.
 */
export async function rolloutLoop(driver: Driver<RolloutSpec>, context: RolloutContext): Promise<LoopResult> {
  const { spec, dataset, progress, signal } = driver
  const { rows } = dataset
  const prompts = preparePrompts(dataset)
  const log = new RequestLog(rows.length * spec.n, driver.counter)
  const batches: BatchTime[] = []
  const count = Math.ceil(rows.length / spec.batch)
  const restored = new Set(context.restored.map((batch) => batch.index))
  const left = Array.from({ length: count }, (_, index) => index).filter((index) => !restored.has(index))
  progress.begin('running', 'requests', requestsOf(spec, prompts, left))
  for (const batch of endingAt(driver.clock.now(), context.restored)) {
    for (const row of batch.rows) log.restore(row, batch.endNs)
    batches.push({ index: batch.index, startNs: batch.startNs, endNs: batch.endNs })
  }
  let betweenNs = 0
  const failures = context.restored.flatMap(({ index, rows }) => failureNote(index, rows))
  for (const [done, index] of left.entries()) {
    const calls = callsOf(spec, prompts, index)
    const batch = await runBatch(driver, log, calls, done === left.length - 1)
    const endedNs = driver.clock.now()
    // Half a batch is done again when the run is resumed: it stands in this run's requests and in no batch.
    const finished = batch.length === calls.length
    await settleTokens(driver, batch)
    const rowsOfBatch = batch.flatMap(({ call, answer, rows }) => {
      log.addRows(rows, call, answer)
      return rows
    })
    if (!finished) break
    const time = { index, ...spanOf(batch) }
    batches.push(time)
    failures.push(...failureNote(index, rowsOfBatch))
    await context.appendBatch({ ...time, prompts: finishedPrompts(batch, rows), rows: rowsOfBatch })
    if (done < left.length - 1) betweenNs += driver.clock.now() - endedNs
    if (signal.aborted) break
  }

  const partial = batches.length < count
  const span = log.span
  return {
    log,
    span,
    batches: batches.toSorted((a, b) => a.index - b.index),
    wrapped: false,
    partial,
    notes: [...failures, ...betweenNote(betweenNs, span), ...restoredNote(context.restored.length)],
  }
}

/** One request of a batch with its answer. */
interface Exchange {
  readonly call: Call
  readonly answer: Answer
  readonly rows: readonly RequestRow[]
}

function requestsOf(spec: RolloutSpec, prompts: readonly Prompt[], batches: readonly number[]): number {
  const each = spec.nPerRequest ? 1 : spec.n
  return batches.reduce((sum, index) => sum + each * Math.min(spec.batch, prompts.length - index * spec.batch), 0)
}

type BatchCall = Omit<Call, 'scheduledNs'>

function callsOf(spec: RolloutSpec, prompts: readonly Prompt[], batch: number): BatchCall[] {
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

/** Sends a batch's requests at once, `maxConcurrency` of them at a time; in the order of the calls. */
async function runBatch(driver: Driver<RolloutSpec>, log: RequestLog, calls: readonly BatchCall[], last: boolean): Promise<Exchange[]> {
  const { spec, clock, progress, signal } = driver
  const exchanges: (Exchange | undefined)[] = Array.from({ length: calls.length })
  const scheduledNs = clock.now()
  let next = 0
  const sendNext = async (): Promise<void> => {
    while (next < calls.length && !signal.aborted) {
      const i = next++
      if (last && next === calls.length) progress.phase = 'draining'
      const call: Call = { ...calls[i]!, scheduledNs }
      const answer = await sendCall(driver, call)
      if (isCut(answer)) log.cut()
      else exchanges[i] = { call, answer, rows: rowsOf(call, answer) }
    }
  }
  await Promise.all(Array.from({ length: Math.min(spec.maxConcurrency, calls.length) }, sendNext))
  return exchanges.filter((exchange) => exchange !== undefined)
}

async function settleTokens(driver: Driver, batch: readonly Exchange[]): Promise<void> {
  for (const { call, answer, rows } of batch) {
    if (!lacksTokens(rows)) continue
    await driver.counter.prepare()
    setTokens(rows, driver.counter.count(toCount(call, answer)))
  }
}

function spanOf(batch: readonly Exchange[]): { startNs: number; endNs: number } {
  let startNs = Infinity
  let endNs = -Infinity
  for (const { call, answer } of batch) {
    startNs = Math.min(startNs, answer.sentNs ?? call.scheduledNs)
    endNs = Math.max(endNs, answer.endNs)
  }
  return { startNs, endNs }
}

function finishedPrompts(batch: readonly Exchange[], dataset: readonly DatasetRow[]): RolloutPrompt[] {
  const prompts = new Map<number, RolloutAnswer[]>()
  for (const { call, answer, rows } of batch) {
    const answers = prompts.get(call.promptIndex) ?? []
    prompts.set(call.promptIndex, answers)
    for (const [i, row] of rows.entries()) {
      const text = answer.choices[i]?.text ?? ''
      answers.push({ text, tokens: row.outputTokens ?? 0, finishReason: row.finishReason, failed: !row.completed })
    }
  }
  return Array.from(prompts, ([promptIndex, answers]) => ({ promptIndex, text: textOf(dataset[promptIndex]!), answers }))
}

function textOf(row: DatasetRow): string {
  return row.messages.map((message) => message.content).join('\n\n')
}

/** Less than this between batches is not worth a word. */
const NOTABLE_NS = 0.1e9

function betweenNote(betweenNs: number, span: readonly [number, number] | undefined): string[] {
  const share = span === undefined ? 0 : betweenNs / (span[1] - span[0])
  if (share < 0.01 || betweenNs < NOTABLE_NS) return []
  return [
    `${(share * 100).toFixed(1)} % of the wall time went into counting tokens and writing details between batches; the batches' own times do not hold it.`,
  ]
}

function failureNote(batch: number, rows: readonly RequestRow[]): string[] {
  const failed = rows.filter(({ completed }) => !completed).length
  return failed === 0 ? [] : [`Batch ${batch}: ${failed} of ${rows.length} responses failed; its throughput counts the others alone.`]
}

function restoredNote(count: number): string[] {
  if (count === 0) return []
  return [
    `${count === 1 ? '1 batch comes' : `${count} batches come`} from the session that was interrupted; the wall time is that of both sessions together.`,
  ]
}

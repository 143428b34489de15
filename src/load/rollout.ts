import { setImmediate } from 'node:timers/promises'
import type { DatasetRow } from '../datasets/dataset.ts'
import type { RolloutSpec } from '../dsl/workload-spec.ts'
import type { RequestRow } from '../metrics/columns.ts'
import type { RolloutAnswer, RolloutBatch, RolloutPrompt } from '../files/rollout-files.ts'
import type { BatchTime } from '../metrics/record.ts'
import { lacksTokens, setTokens } from './answer-rows.ts'
import { BatchSender, callsOf } from './batch-sender.ts'
import type { BatchCall, BatchShare, Exchange } from './batch-sender.ts'
import type { Driver } from './driver.ts'
import type { LoopOutcome, LoopResult, Span } from './loop-result.ts'
import { COUNTING } from './phases.ts'
import { preparePrompts } from './prompts.ts'
import type { Prompt } from './prompts.ts'
import { RequestLog, toCount } from './request-log.ts'
import { endingAt } from './restored-batches.ts'
import type { RestoredBatch } from './restored-batches.ts'

export interface RolloutContext {
  /** Finished batches of the session that this one goes on from, back to back. */
  readonly restored: readonly RestoredBatch[]
  /** Takes each batch as it ends. */
  readonly appendBatch: (batch: RolloutBatch) => Promise<void>
  /** Has the other workers send their shares of a batch; left out where there are none. */
  readonly others?: (batch: number, scheduledNs: number) => Promise<BatchShare>[]
}

/** What the rollout's lead alone knows: the batches. */
export interface RolloutFacts {
  readonly batches: readonly BatchTime[]
  readonly partial: boolean
  readonly notes: readonly string[]
}

/**
 * Batches of prompts one after another, each prompt answered n times. A batch's time is from its first send to its last
 * response; writing its details and counting its tokens comes after that, before the next batch.
 *
 * This is the lead's loop: other workers send their share of each batch as it tells them, and hand it back.
 */
export async function rolloutLoop(driver: Driver<RolloutSpec>, context: RolloutContext): Promise<LoopOutcome<RolloutFacts>> {
  const { spec, dataset, clock, progress, shared, signal } = driver
  const { rows } = dataset
  const prompts = preparePrompts(dataset)
  const log = new RequestLog(rows.length * spec.n, driver.counter, spec.keepAnswers)
  const sender = new BatchSender(driver)
  const gate = shared.gate(spec.maxConcurrency)
  const batches: BatchTime[] = []
  const count = Math.ceil(rows.length / spec.batch)
  const restored = new Set(context.restored.map((batch) => batch.index))
  const left = Array.from({ length: count }, (_, index) => index).filter((index) => !restored.has(index))
  const startNs = await driver.start()
  progress.begin('running', 'requests', requestsOf(spec, prompts, left))
  for (const batch of endingAt(startNs, context.restored)) {
    for (const row of batch.rows) log.restore(row, batch.endNs)
    batches.push({ index: batch.index, startNs: batch.startNs, endNs: batch.endNs })
  }
  let betweenNs = 0
  const failures = context.restored.flatMap(({ index, rows }) => failureNote(index, rows))
  for (const [done, index] of left.entries()) {
    const calls = callsOf(spec, prompts, index)
    gate.reset()
    const scheduledNs = Math.max(startNs, clock.now())
    const shares = await Promise.all([sender.send(calls, scheduledNs), ...(context.others?.(index, scheduledNs) ?? [])])
    for (const { cut } of shares) log.cut(cut)
    const batch = inOrder(shares, calls)
    const endedNs = clock.now()
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
    if (done < left.length - 1) betweenNs += clock.now() - endedNs
    if (signal.aborted) break
  }

  return {
    log,
    facts: {
      batches: batches.toSorted((a, b) => a.index - b.index),
      partial: batches.length < count,
      notes: [...failures, ...betweenNote(betweenNs, log.span), ...restoredNote(context.restored.length)],
    },
    readNs: sender.readNs,
  }
}

/** What a rollout comes to: its lead knows it. */
export function rolloutResult([lead]: readonly RolloutFacts[], span: Span | undefined): LoopResult {
  return { span, wrapped: false, ...lead! }
}

/** One request of a batch with its answer. */
interface BatchAnswer extends Omit<Exchange, 'call'> {
  readonly call: BatchCall
}

/** The answers that all workers' shares of a batch came to, in the order of the calls. */
function inOrder(shares: readonly BatchShare[], calls: readonly BatchCall[]): BatchAnswer[] {
  return shares
    .flatMap(({ exchanges }) => exchanges)
    .toSorted((a, b) => a.call - b.call)
    .map((exchange) => ({ ...exchange, call: calls[exchange.call]! }))
}

function requestsOf(spec: RolloutSpec, prompts: readonly Prompt[], batches: readonly number[]): number {
  const each = spec.nPerRequest ? 1 : spec.n
  return batches.reduce((sum, index) => sum + each * Math.min(spec.batch, prompts.length - index * spec.batch), 0)
}

async function settleTokens(driver: Driver, batch: readonly BatchAnswer[]): Promise<void> {
  const uncounted = batch.filter(({ rows }) => lacksTokens(rows))
  if (uncounted.length === 0) return
  const { counter, progress } = driver
  const { phase } = progress
  progress.phase = COUNTING
  await counter.prepare()
  for (const [i, { call, answer, rows }] of uncounted.entries()) {
    // Counting may take long; progress is to be seen meanwhile, and a cancel heard.
    if (i % 64 === 63) await setImmediate()
    setTokens(rows, counter.count(toCount(call, answer)))
  }
  progress.phase = phase
}

function spanOf(batch: readonly BatchAnswer[]): { startNs: number; endNs: number } {
  let startNs = Infinity
  let endNs = -Infinity
  for (const { answer, rows } of batch) {
    startNs = Math.min(startNs, answer.sentNs ?? rows[0]!.scheduledNs)
    endNs = Math.max(endNs, answer.endNs)
  }
  return { startNs, endNs }
}

function finishedPrompts(batch: readonly BatchAnswer[], dataset: readonly DatasetRow[]): RolloutPrompt[] {
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

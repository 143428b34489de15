import type { ChatMessage } from '../datasets/dataset.ts'
import type { RequestRow } from '../metrics/columns.ts'
import type { Answer, Choice } from '../targets/target.ts'
import type { AnswerLength } from './lengths.ts'
import { promptByUsage, tokensByUsage } from './token-counter.ts'
import type { TokenCounts } from './token-counter.ts'

/** One request as the load generator plans it. */
export interface Call {
  readonly promptIndex: number
  readonly messages: readonly ChatMessage[]
  readonly length: AnswerLength
  readonly seed: number
  /** When it was to be sent, in nanoseconds since the run's origin. */
  readonly scheduledNs: number
  readonly client?: number
  readonly batch?: number
  /** Index of its first answer among the prompt's. */
  readonly sampleIndex?: number
  /** Which of the row's user turns it is, in a conversation of several. */
  readonly turn?: number
  /** Answers asked for in this request; one where left out. */
  readonly n?: number
  /** Whether the text is needed for more than counting. */
  readonly keepText?: boolean
}

/**
 * The rows of one request: one for each answer that was asked for. Tokens are filled in where the server's usage tells them.
 * An answer without any token fails by itself (`empty`) where its siblings did not.
 */
export function rowsOf(call: Call, answer: Answer): RequestRow[] {
  const rows: RequestRow[] = []
  for (let i = 0; i < (call.n ?? 1); i++) rows.push(rowOf(call, answer, answer.choices[i], i))
  const outputs = answer.error === undefined ? tokensByUsage(answer) : undefined
  const prompt = promptByUsage(answer)
  if (outputs !== undefined && prompt !== undefined) setTokens(rows, { prompt, outputs })
  return rows
}

/** What of a row its tokens concern. */
export type TokenCells = Pick<RequestRow, 'completed' | 'promptTokens' | 'outputTokens'>

/**
 * Puts counts into the rows of one request. Answers that share a request share its prompt, which was processed once: its
 * tokens stand with the first completed one and the others have none.
 */
export function setTokens(rows: readonly TokenCells[], counts: TokenCounts): void {
  let prompt = counts.prompt
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    if (!row.completed) continue
    row.promptTokens = prompt
    row.outputTokens = counts.outputs[i] ?? 0
    prompt = 0
  }
}

/** Whether the tokens of a completed answer are still unknown. */
export function lacksTokens(rows: readonly RequestRow[]): boolean {
  return rows.some((row) => row.completed && row.outputTokens === undefined)
}

function rowOf(call: Call, answer: Answer, choice: Choice | undefined, i: number): RequestRow {
  // Times of tokens are there where the answer was a stream; only there does an answer without one show.
  const streamed = answer.choices.some((sibling) => sibling.firstTokenNs !== undefined)
  const empty = choice === undefined || (streamed && choice.firstTokenNs === undefined)
  const completed = answer.error === undefined && !empty
  return {
    client: call.client,
    batch: call.batch,
    promptIndex: call.promptIndex,
    sampleIndex: (call.sampleIndex ?? 0) + i,
    scheduledNs: call.scheduledNs,
    sentNs: answer.sentNs,
    firstTokenNs: choice?.firstTokenNs,
    firstAnswerNs: choice?.firstAnswerNs,
    // An answer in one piece ends when it has been read.
    lastTokenNs: choice?.lastTokenNs ?? (completed ? answer.endNs : undefined),
    // One connection, however many answers came on it.
    connectNs: i === 0 ? answer.connectNs : undefined,
    chunks: choice?.chunks,
    completed,
    errorKind: answer.error?.kind ?? (empty ? 'empty' : undefined),
    finishReason: choice?.finishReason,
    target: answer.address,
    gapsMs: choice?.gapsMs,
  }
}

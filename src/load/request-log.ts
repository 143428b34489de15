import { setImmediate } from 'node:timers/promises'
import type { RequestColumns, RequestRow } from '../metrics/columns.ts'
import { ColumnBuilder } from '../metrics/columns.ts'
import type { ErrorKind } from '../metrics/columns.ts'
import type { KeptAnswer } from '../metrics/record.ts'
import { UNTOLD } from '../targets/finish-reason.ts'
import type { Answer, Choice } from '../targets/target.ts'
import { lacksTokens, rowsOf, setTokens } from './answer-rows.ts'
import type { Call, TokenCells } from './answer-rows.ts'
import type { LogFacts } from './log-facts.ts'
import type { Span } from './loop-result.ts'
import type { TokenCounter, UncountedAnswer } from './token-counter.ts'

/** Collects a run's requests as they end. What needs a tokenizer is put off until the clock no longer matters. */
export class RequestLog {
  readonly #columns: ColumnBuilder
  readonly #counter: TokenCounter
  readonly #uncounted: { readonly at: number; readonly answer: UncountedAnswer }[] = []
  readonly #answers: KeptAnswer[] | undefined
  readonly #errors = new Map<ErrorKind, { count: number; example: string; firstNs: number }>()
  #completed = 0
  #forced = 0
  #offLength = 0
  #cut = 0
  #resent = 0
  #firstNs = Infinity
  #lastNs = -Infinity

  /**
   * @param capacity requests that are expected, so that columns need not grow
   * @param keepAnswers whether the texts of completed answers are kept
   */
  constructor(capacity: number, counter: TokenCounter, keepAnswers: boolean) {
    this.#columns = new ColumnBuilder(capacity)
    this.#counter = counter
    this.#answers = keepAnswers ? [] : undefined
  }

  /** First send and last response so far; undefined before there is one. */
  get span(): Span | undefined {
    return this.#columns.length === 0 ? undefined : [this.#firstNs, this.#lastNs]
  }

  get length(): number {
    return this.#columns.length
  }

  /** Requests whose tokens `finish` has to count. */
  get uncounted(): number {
    return this.#uncounted.length
  }

  /** What it knows beside its columns. */
  get facts(): LogFacts {
    return {
      requests: this.#columns.length,
      completed: this.#completed,
      span: this.span,
      errors: Array.from(this.#errors, ([kind, error]) => ({ kind, ...error })),
      cut: this.#cut,
      resent: this.#resent,
      forced: this.#forced,
      offLength: this.#offLength,
      answers: this.#answers,
    }
  }

  /** Takes one request's answer. */
  add(call: Call, answer: Answer): void {
    if (isCut(answer)) return this.cut()
    const rows = rowsOf(call, answer)
    if (lacksTokens(rows)) this.#uncounted.push({ at: this.#columns.length, answer: toCount(call, answer) })
    this.addRows(rows, call, answer)
  }

  /** Takes one request's rows, as they are. */
  addRows(
    rows: readonly RequestRow[],
    { length: { forced }, turn }: Pick<Call, 'length' | 'turn'>,
    answer: Pick<Answer, 'endNs' | 'error' | 'resent'> & { readonly choices: readonly Pick<Choice, 'text'>[] },
  ): void {
    if (answer.resent) this.#resent++
    this.#keep(rows, turn, answer.choices)
    for (const row of rows) {
      this.#append(row, answer.endNs, answer.error?.message ?? 'the answer had no token')
      if (!row.completed || forced === undefined) continue
      this.#forced++
      if (endedOtherwise(row) || (row.outputTokens ?? forced) !== forced) this.#offLength++
    }
  }

  /** Counts requests that were given up because the run was cancelled. */
  cut(requests = 1): void {
    this.#cut += requests
  }

  /** Takes a request of an earlier session. */
  restore(row: RequestRow, endNs: number): void {
    this.#append(row, endNs, 'in the session that was interrupted')
  }

  /** Counts what is left to be counted and gives the columns. */
  async finish(): Promise<RequestColumns> {
    const columns = this.#columns.finish()
    if (this.#uncounted.length > 0) await this.#counter.prepare()
    for (const [i, { at, answer }] of this.#uncounted.entries()) {
      // Counting may take long; progress is to be seen meanwhile.
      if (i % 64 === 63) await setImmediate()
      const rows: TokenCells[] = answer.choices.map((_, choice) => ({ completed: columns.completed[at + choice] === 1 }))
      setTokens(rows, this.#counter.count(answer))
      for (const [choice, row] of rows.entries()) {
        columns.promptTokens[at + choice] = row.promptTokens ?? -1
        columns.outputTokens[at + choice] = row.outputTokens ?? -1
      }
    }
    return columns
  }

  #keep(rows: readonly RequestRow[], turn: number | undefined, choices: readonly Pick<Choice, 'text'>[]): void {
    if (this.#answers === undefined) return
    for (const [i, { completed, promptIndex, sampleIndex = 0 }] of rows.entries()) {
      const text = choices[i]?.text
      if (completed && text !== undefined) this.#answers.push({ promptIndex, ...(turn === undefined ? {} : { turn }), sampleIndex, text })
    }
  }

  #append(row: RequestRow, endNs: number, failure: string): void {
    this.#columns.append(row)
    this.#firstNs = Math.min(this.#firstNs, row.sentNs ?? row.scheduledNs)
    this.#lastNs = Math.max(this.#lastNs, endNs)
    if (row.completed) this.#completed++
    if (row.errorKind === undefined) return
    const error = this.#errors.get(row.errorKind)
    if (error === undefined) this.#errors.set(row.errorKind, { count: 1, example: failure, firstNs: endNs })
    else error.count++
  }
}

/** Whether a request was given up because the run was cancelled. */
export function isCut(answer: Pick<Answer, 'error'>): boolean {
  return answer.error?.kind === 'cancelled'
}

/** What counting needs of an answer, so that the rest of it can go. */
export function toCount(call: Pick<Call, 'messages' | 'n'>, answer: Omit<UncountedAnswer, 'messages'>): UncountedAnswer {
  return {
    messages: call.messages,
    usage: answer.usage,
    choices: answer.choices.slice(0, call.n ?? 1).map(({ text, chunks }) => ({ text, chunks })),
  }
}

/** Whether the server says that an answer ended for another reason than its length; some say nothing. */
function endedOtherwise({ finishReason }: Pick<RequestRow, 'finishReason'>): boolean {
  return finishReason !== undefined && finishReason !== UNTOLD && finishReason !== 'length'
}

import type { RequestColumns } from '../metrics/columns.ts'
import { mergeColumns } from '../metrics/merge-columns.ts'
import { mergeLogFacts } from './log-facts.ts'
import type { LogFacts } from './log-facts.ts'
import { COUNTING } from './phases.ts'
import type { ProgressMeter } from './progress-meter.ts'
import type { RequestLog } from './request-log.ts'
import { mergeCountFacts } from './token-counter.ts'
import type { CountFacts, TokenCounter } from './token-counter.ts'

/** What one worker's requests come to; plain data that adds up over workers. */
export interface RequestPart {
  readonly columns: RequestColumns
  readonly log: LogFacts
  readonly tokens: CountFacts
}

/** Ends a log: counts the tokens that are still to be counted. */
export async function requestPart(log: RequestLog, counter: TokenCounter, progress: ProgressMeter): Promise<RequestPart> {
  if (log.uncounted > 0) progress.phase = COUNTING
  const columns = await log.finish()
  return { columns, log: log.facts, tokens: counter.facts }
}

/** The requests of several workers as those of one: rows are in the order of the workers, and a worker's in that in which they ended. */
export function mergeRequestParts(parts: readonly RequestPart[]): RequestPart {
  return {
    columns: mergeColumns(parts.map(({ columns }) => columns)),
    log: mergeLogFacts(parts.map(({ log }) => log)),
    tokens: mergeCountFacts(parts.map(({ tokens }) => tokens)),
  }
}

import { counted } from '../counted.ts'
import type { ErrorCount, KeptAnswer } from '../metrics/record.ts'
import type { Span } from './loop-result.ts'

/** What a log of requests knows beside its columns; plain data that adds up over workers. */
export interface LogFacts {
  readonly requests: number
  readonly completed: number
  /** Absent where there is no request. */
  readonly span: Span | undefined
  /** Failures by kind, the first that occurred first. */
  readonly errors: readonly (ErrorCount & { readonly firstNs: number })[]
  /** Requests that were given up because the run was cancelled. */
  readonly cut: number
  /** Requests that were sent again. */
  readonly resent: number
  /** Completed answers whose length was forced, and those among them that have another. */
  readonly forced: number
  readonly offLength: number
  /** Texts of the completed answers, where they are kept. */
  readonly answers?: readonly KeptAnswer[] | undefined
}

/** The facts of several logs as those of one. */
export function mergeLogFacts(all: readonly LogFacts[]): LogFacts {
  const sum = (count: Exclude<keyof LogFacts, 'span' | 'errors' | 'answers'>): number =>
    all.reduce((total, facts) => total + facts[count], 0)
  const spans = all.flatMap(({ span }) => (span === undefined ? [] : [span]))
  return {
    requests: sum('requests'),
    completed: sum('completed'),
    span: spans.length === 0 ? undefined : [Math.min(...spans.map(([startNs]) => startNs)), Math.max(...spans.map(([, endNs]) => endNs))],
    errors: mergeErrors(all.flatMap(({ errors }) => errors)),
    cut: sum('cut'),
    resent: sum('resent'),
    forced: sum('forced'),
    offLength: sum('offLength'),
    answers: all.some(({ answers }) => answers !== undefined) ? all.flatMap(({ answers = [] }) => answers) : undefined,
  }
}

function mergeErrors(all: LogFacts['errors']): LogFacts['errors'] {
  const inTime = all.toSorted((a, b) => a.firstNs - b.firstNs)
  const kinds = new Map<string, LogFacts['errors'][number]>()
  for (const error of inTime) {
    const first = kinds.get(error.kind)
    kinds.set(error.kind, first === undefined ? error : { ...first, count: first.count + error.count })
  }
  return [...kinds.values()]
}

/** What a reader must know of the requests. */
export function logNotes(facts: LogFacts): string[] {
  return [...cutNotes(facts), ...resentNotes(facts), ...lengthNotes(facts)]
}

function cutNotes({ cut }: LogFacts): string[] {
  if (cut === 0) return []
  const requests = cut === 1 ? '1 request was' : `${cut} requests were`
  return [`${requests} in flight when the run was cancelled, neither completed nor failed, and left out.`]
}

function resentNotes({ resent }: LogFacts): string[] {
  if (resent === 0) return []
  const requests = resent === 1 ? '1 request was' : `${resent} requests were`
  return [`${requests} sent again: the server had closed the kept-alive connection without saying so.`]
}

function lengthNotes({ forced, offLength }: LogFacts): string[] {
  if (offLength === 0) return []
  return [
    `${offLength} of ${counted(forced, 'answer')} did not end at the length that was forced (by finish reason or token count): ` +
      'the server may not know ignore_eos or min_tokens.',
  ]
}

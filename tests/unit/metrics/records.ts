import { ColumnBuilder, type RequestRow } from '../../../src/metrics/columns.ts'
import type { RequestRecord } from '../../../src/metrics/record.ts'

/** One request in milliseconds since the run's origin. */
export interface Sketch extends Omit<
  Partial<RequestRow>,
  'scheduledNs' | 'sentNs' | 'firstTokenNs' | 'firstAnswerNs' | 'lastTokenNs' | 'connectNs'
> {
  scheduled?: number
  sent?: number
  first?: number
  answer?: number
  last?: number
  connect?: number
}

/** A record of the sketched requests; a request is completed unless it says otherwise, and its last token follows from its gaps. */
export function recordOf(sketches: readonly Sketch[], facts: Partial<RequestRecord> = {}): RequestRecord {
  const builder = new ColumnBuilder(2)
  for (const sketch of sketches) builder.append(rowOf(sketch))
  return {
    kind: 'requests',
    originNs: 0n,
    startNs: 0,
    endNs: 10e9,
    columns: builder.finish(),
    errors: [],
    tokens: { output: 'server', input: 'server' },
    dataset: { name: 'prompts', rows: 1, digest: '0', wrapped: false },
    notes: [],
    partial: false,
    streamed: true,
    ...facts,
  }
}

function rowOf({ scheduled, sent = 0, first, answer, last, connect, ...row }: Sketch): RequestRow {
  const gaps = Array.from(row.gapsMs ?? [])
  const end = last ?? (first === undefined ? undefined : gaps.reduce((sum, gap) => sum + gap, first))
  return {
    promptIndex: 0,
    completed: true,
    chunks: gaps.length + 1,
    outputTokens: gaps.length + 1,
    promptTokens: 10,
    finishReason: 'stop',
    ...row,
    scheduledNs: (scheduled ?? sent) * 1e6,
    sentNs: sent * 1e6,
    firstTokenNs: toNs(first),
    firstAnswerNs: toNs(answer ?? first),
    lastTokenNs: toNs(end),
    connectNs: toNs(connect),
  }
}

function toNs(ms: number | undefined): number {
  return ms === undefined ? Number.NaN : ms * 1e6
}

/** Requests whose TTFTs are the given ones; each then takes 10 ms a token for 5 tokens. */
export function withTtfts(ttfts: readonly number[]): Sketch[] {
  return ttfts.map((first, i) => ({ client: i % 4, promptIndex: i, sent: 0, first, gapsMs: [10, 10, 10, 10] }))
}

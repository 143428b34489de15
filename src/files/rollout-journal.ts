import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RequestRow } from '../metrics/columns.ts'
import type { BatchLengths } from './rollout-stats.ts'
import { writeFileAtomic } from './write.ts'

/** Names of the files that a rollout's folder holds beside `requests.parquet`. */
export const ROLLOUT_FILES = {
  dispersed: 'dispersed_stats.csv',
  global: 'global_stats.csv',
  details: 'rollout_details.jsonl',
  /** What `resume` needs of finished batches; gone when the rollout is complete. */
  journal: 'resume.jsonl',
  progress: 'progress.json',
} as const

/** Content of `progress.json`. */
export interface RolloutProgress {
  readonly bench: string
  readonly workloadDigest: string
  /** Digest of the prompts' content. */
  readonly datasetDigest: string
  /** Whether all batches are done. */
  readonly complete: boolean
  /** Finished batches as ranges: `0-4,7`. */
  readonly finished: string
}

/** Writes `progress.json`. */
export async function writeProgress(folder: string, progress: RolloutProgress): Promise<void> {
  await writeFileAtomic(join(folder, ROLLOUT_FILES.progress), `${JSON.stringify(progress)}\n`)
}

/** The `progress.json` of a bench's folder; undefined where there is none. */
export async function readProgress(folder: string): Promise<RolloutProgress | undefined> {
  const text = await readFile(join(folder, ROLLOUT_FILES.progress), 'utf8').catch(() => '')
  return parseJson(text) as RolloutProgress | undefined
}

/** First line of the journal. */
export interface JournalHeader {
  readonly version: typeof JOURNAL_VERSION
  readonly bench: string
  readonly workloadDigest: string
}

/** Raised when a journal of before can no longer be read. */
export const JOURNAL_VERSION = 1

/** A finished batch as the journal keeps it: everything but texts. */
export interface JournaledBatch extends BatchLengths {
  readonly rows: readonly RequestRow[]
}

/** A row in JSON: gaps as base64 of float32 (little endian), exact and a quarter of their decimal length. */
type JournaledRow = Omit<RequestRow, 'gapsMs'> & { gaps?: string }

/** The journal's line for a batch, with its line end. */
export function journalLine({ index, startNs, endNs, prompts, rows }: JournaledBatch): string {
  return `${JSON.stringify({ index, startNs, endNs, prompts, rows: rows.map(packRow) })}\n`
}

/** A batch from its line; undefined where the line is not whole. */
export function parseJournalLine(line: string): JournaledBatch | undefined {
  const batch = parseJson(line) as (Omit<JournaledBatch, 'rows'> & { rows: JournaledRow[] }) | undefined
  return batch === undefined ? undefined : { ...batch, rows: batch.rows.map(unpackRow) }
}

/** The journal's header from its line; undefined where it is not whole or of another version. */
export function parseJournalHeader(line: string): JournalHeader | undefined {
  const header = parseJson(line) as JournalHeader | undefined
  return header?.version === JOURNAL_VERSION ? header : undefined
}

/** Any JSON text's value; undefined where it was cut off. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function packRow({ gapsMs, ...row }: RequestRow): JournaledRow {
  // JSON has no NaN: an unknown time is left out, as in a row that never had it.
  const known = Object.fromEntries(Object.entries(row).filter(([, value]) => !Number.isNaN(value))) as typeof row
  if (gapsMs === undefined || gapsMs.length === 0) return known
  const bytes = Buffer.alloc(gapsMs.length * 4)
  for (let i = 0; i < gapsMs.length; i++) bytes.writeFloatLE(gapsMs[i]!, i * 4)
  return { ...known, gaps: bytes.toString('base64') }
}

function unpackRow({ gaps, ...row }: JournaledRow): RequestRow {
  if (gaps === undefined) return row
  const bytes = Buffer.from(gaps, 'base64')
  return { ...row, gapsMs: Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4)) }
}

import { createHash } from 'node:crypto'
import { LlmBenchError } from '../errors.ts'
import type { DatasetSpec } from '../dsl/datasets.ts'
import type { Dataset, DatasetContext, DatasetRow } from './dataset.ts'
import { loadBuiltin } from './builtin.ts'
import { loadJsonl } from './jsonl.ts'
import { rowOfText } from './messages.ts'
import type { LoadedRows } from './rows.ts'
import { loadShareGPT } from './share-gpt.ts'
import { loadSynthetic } from './synthetic.ts'
import { loadText } from './text.ts'

/**
 * Reads a dataset: at least one row, `context.limit` rows where that is set, each with `context.turns` user messages.
 * @throws {LlmBenchError} `DATASET` where the file is missing, empty or not of its form, or has too few rows
 */
export async function loadDataset(spec: DatasetSpec, context: DatasetContext): Promise<Dataset> {
  const { limit = Infinity, turns = 1 } = context
  // Rows may be left out for their turns, so that the first `limit` rows of the file would be too few.
  const { name, rows: all, notes } = await loadRows(spec, turns === 1 ? context : { ...context, limit: undefined })
  if (all.length === 0) throw new LlmBenchError('DATASET', `dataset ${name} has no rows`)
  const rows = (turns === 1 ? all : all.filter((row) => row.userTurns.length >= turns)).slice(0, limit)
  if (rows.length === 0) {
    throw new LlmBenchError(
      'DATASET',
      `dataset ${name} has no conversation of ${turns} user messages: \`turns\` needs conversations, such as shareGPT(), or \`turns: 1\``,
    )
  }
  const short = all.filter((row) => row.userTurns.length < turns).length
  const left = short === 0 ? notes : [...notes, `${short} of ${all.length} rows left out for having fewer than ${turns} user messages`]
  if (limit < Infinity && rows.length < limit) {
    const why = left.length === 0 ? '' : ` (${left.join('; ')})`
    throw new LlmBenchError(
      'DATASET',
      `\`limit: ${limit}\` is beyond the ${rows.length} rows of dataset ${name}${why}: lower it, or leave it out to use all`,
    )
  }
  return { name, rows, digest: digestOfRows(rows), notes: left }
}

async function loadRows(spec: DatasetSpec, context: DatasetContext): Promise<LoadedRows> {
  switch (spec.kind) {
    case 'sharegpt':
      return loadShareGPT(spec, context)
    case 'parquet':
      // With its codecs it takes longer to load than all else that a run needs.
      return (await import('./parquet.ts')).loadParquet(spec, context)
    case 'jsonl':
      return loadJsonl(spec, context)
    case 'text':
      return loadText(spec, context)
    case 'prompts':
      return { name: `prompts (${spec.prompts.length})`, rows: spec.prompts.slice(0, context.limit).map(rowOfText), notes: [] }
    case 'synthetic':
      return loadSynthetic(spec, context)
    case 'builtin':
      return loadBuiltin(spec, context)
    default:
      throw new LlmBenchError('DATASET', `no dataset is of kind ${JSON.stringify((spec satisfies never as DatasetSpec).kind)}`)
  }
}

/** Of all that a request can carry: messages and answer lengths. */
function digestOfRows(rows: readonly DatasetRow[]): string {
  const hash = createHash('sha256')
  for (const { messages, userTurns, outputTokens } of rows) {
    hash.update(JSON.stringify([messages.map(({ role, content }) => [role, content]), userTurns, outputTokens ?? null]))
  }
  return hash.digest('hex').slice(0, 16)
}

import { basename } from 'node:path'
import { LlmBenchError, messageOf } from '../errors.ts'
import type { JsonlSpec } from '../dsl/datasets.ts'
import type { DatasetContext, DatasetRow } from './dataset.ts'
import { kindOf, rowOf } from './messages.ts'
import { existingFile, readLines } from './read-file.ts'
import type { LoadedRows } from './rows.ts'

const USUAL_FIELDS = ['prompt', 'question', 'messages', 'text', 'input', 'instruction']

/**
 * Reads prompts from a field of each line of a JSON Lines file, no further than the limit.
 * @throws {LlmBenchError} `DATASET` for a line that is no JSON object, or lacks the field
 */
export async function loadJsonl(spec: JsonlSpec, context: DatasetContext): Promise<LoadedRows> {
  const file = await existingFile(spec.path, context.root)
  const rows: DatasetRow[] = []
  let { field } = spec
  for await (const line of readLines(file)) {
    const where = `${file}:${line.number}`
    const value = objectOf(line.text, where)
    field ??= USUAL_FIELDS.find((name) => Object.hasOwn(value, name))
    if (field === undefined || !Object.hasOwn(value, field)) {
      const missing = field === undefined ? `none of the usual fields (${USUAL_FIELDS.join(', ')})` : `no field \`${field}\``
      throw new LlmBenchError(
        'DATASET',
        `${where} has ${missing}; it has: ${Object.keys(value).join(', ')}. Name one: jsonl(path, { field })`,
      )
    }
    rows.push(rowOf(value[field], `${where}: \`${field}\``))
    if (rows.length === context.limit) break
  }
  return { name: field === undefined ? `jsonl ${basename(file)}` : `jsonl ${basename(file)} (${field})`, rows, notes: [] }
}

function objectOf(text: string, where: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new LlmBenchError('DATASET', `${where} is not JSON: ${messageOf(error)}`, { cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new LlmBenchError('DATASET', `${where} is ${kindOf(value)}: expected a JSON object with a prompt in it`)
}

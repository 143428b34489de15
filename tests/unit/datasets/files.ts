import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Dataset, DatasetContext } from '../../../src/datasets/dataset.ts'
import { loadDataset } from '../../../src/datasets/load-dataset.ts'
import type { Tokenizer } from '../../../src/datasets/tokenizer.ts'
import type { DatasetSpec } from '../../../src/dsl/datasets.ts'
import { LlmBenchError } from '../../../src/errors.ts'

/** A token a word: counts that a reader of the test can check. */
const words: Tokenizer = {
  name: 'words',
  source: 'tokenizer',
  count: (text) => text.split(/\s+/).filter(Boolean).length,
  encode: (text) =>
    text
      .split(/\s+/)
      .filter(Boolean)
      .map((word) => word.length),
  decode: (ids) => ids.map((id) => 'x'.repeat(id)).join(' '),
}

/** A folder of the test's own, with the given files. */
export function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'llm-bench-datasets-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

export function load(spec: DatasetSpec, root: string, context: Partial<DatasetContext> = {}): Promise<Dataset> {
  return loadDataset(spec, { root, tokenizer: () => Promise.resolve(words), ...context })
}

/** What a load that must fail says. */
export async function failureOf(loading: Promise<unknown>): Promise<string> {
  const error = await loading.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof LlmBenchError)) throw error
  if (error.code !== 'DATASET') throw error
  return error.message
}

export const prompts = (dataset: Dataset): string[] => dataset.rows.map((row) => row.messages.at(-1)!.content)

/** Data that lies beside the repository where the project is developed; tests of it are skipped elsewhere. */
export const SHARED_DATA = fileURLToPath(new URL('../../../../shared/data', import.meta.url))
export const hasSharedData = existsSync(SHARED_DATA)

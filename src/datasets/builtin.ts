import { fileURLToPath } from 'node:url'
import { jsonl, shareGPT } from '../dsl/datasets.ts'
import type { BuiltinSpec } from '../dsl/datasets.ts'
import type { DatasetContext } from './dataset.ts'
import { loadJsonl } from './jsonl.ts'
import type { LoadedRows } from './rows.ts'
import { loadShareGPT } from './share-gpt.ts'

/** The package's root is a folder further up from the build, which lies in `dist/`. */
const FIXTURES = new URL(import.meta.url.endsWith('.ts') ? '../../fixtures/' : '../../../fixtures/', import.meta.url)

/** Reads one of the small datasets that come with this package. */
export async function loadBuiltin({ name }: BuiltinSpec, context: DatasetContext): Promise<LoadedRows> {
  const { rows } =
    name === 'questions'
      ? await loadJsonl(jsonl(fileURLToPath(new URL('questions.jsonl', FIXTURES)), { field: 'question' }), context)
      : await loadShareGPT(shareGPT(fileURLToPath(new URL('conversations.json', FIXTURES)), { minTokens: 1, shuffle: false }), context)
  return { name: `built-in ${name}`, rows, notes: [] }
}

import { fileURLToPath } from 'node:url'
import type { BuiltinSpec, JsonlSpec, ShareGPTSpec } from '../dsl/datasets.ts'
import type { DatasetContext } from './dataset.ts'
import { loadJsonl } from './jsonl.ts'
import type { LoadedRows } from './rows.ts'
import { loadShareGPT } from './share-gpt.ts'

/** The package's root is a folder further up from the build, which lies in `dist/`. */
const FIXTURES = new URL(import.meta.url.endsWith('.ts') ? '../../fixtures/' : '../../../fixtures/', import.meta.url)

const pathOf = (file: string): string => fileURLToPath(new URL(file, FIXTURES))

// Written out, for the functions that make specs bring a validator along that nothing here needs.
const QUESTIONS: JsonlSpec = { kind: 'jsonl', path: pathOf('questions.jsonl'), field: 'question' }
const CONVERSATIONS: ShareGPTSpec = {
  kind: 'sharegpt',
  path: pathOf('conversations.json'),
  minTokens: 1,
  turns: 1,
  shuffle: false,
  seed: 0,
}

/** Reads one of the small datasets that come with this package. */
export async function loadBuiltin({ name }: BuiltinSpec, context: DatasetContext): Promise<LoadedRows> {
  const { rows } = name === 'questions' ? await loadJsonl(QUESTIONS, context) : await loadShareGPT(CONVERSATIONS, context)
  return { name: `built-in ${name}`, rows, notes: [] }
}

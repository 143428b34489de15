import type { DatasetRow } from './dataset.ts'
import type { Tokenizer } from './tokenizer.ts'

/** What a loader of one kind of dataset gives. */
export interface LoadedRows {
  /** For people: kind and file name. */
  readonly name: string
  /** As many as the context's limit at most, where it has one. */
  readonly rows: readonly DatasetRow[]
  readonly notes: readonly string[]
}

/** What a reader must know of lengths that were counted beforehand; none where the tokenizer is the user's own choice. */
export function lengthNotes(tokenizer: Tokenizer): string[] {
  return tokenizer.source === 'bundled'
    ? [`lengths are in tokens of the bundled ${tokenizer.name}, which may not be the server's tokenizer: \`tokenizer\` names another`]
    : []
}

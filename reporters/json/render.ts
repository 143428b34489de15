import type { RunModel } from '../model.ts'
import type { Summary } from './schema.ts'

/** The model as `summary.json`: valid against `summarySchema`. */
export function renderSummary(model: RunModel): string {
  // Readonly lists of the model are mutable ones in the schema; a test holds the two types against each other.
  const summary = { schemaVersion: 1, ...model } satisfies { schemaVersion: Summary['schemaVersion'] }
  return `${JSON.stringify(summary, null, 2)}\n`
}

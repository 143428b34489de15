import type { DatasetSpec } from '../dsl/datasets.ts'

/**
 * How many rows of a synthetic dataset so many requests can use, for making one takes a slow tokenizer a while; undefined for
 * other datasets, whose rows are there anyway.
 * @param requests absent where only time ends the load
 */
export function syntheticLimit(dataset: DatasetSpec, requests: number | undefined): number | undefined {
  return dataset.kind === 'synthetic' ? Math.min(dataset.rows, requests ?? Infinity) : undefined
}

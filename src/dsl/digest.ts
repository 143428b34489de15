import { createHash } from 'node:crypto'
import type { WorkloadSpec } from './workload-spec.ts'

/** JSON with sorted keys and without undefined: equal data gives equal text. */
export function canonicalJSON(value: unknown): string {
  const text: string | undefined = JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )
  return text ?? 'null'
}

/** SHA-256 of data's canonical JSON, 16 hex digits. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJSON(value)).digest('hex').slice(0, 16)
}

const NOT_LOAD = new Set([
  'target',
  'engine',
  'resume',
  'details',
  'runName',
  'correctness',
  'abortOn',
  'validity',
  'workers',
  'preconnect',
  'repeats',
  'keepAnswers',
])

/** What a workload asks for, apart from what it is asked of: equal digests mean equal load. */
export function workloadDigest(spec: WorkloadSpec): string {
  return digestOf(loadOf(spec))
}

/** The options of a workload that say what it asks for, apart from what it is asked of and from how it is measured. */
export function loadOf(spec: WorkloadSpec): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !NOT_LOAD.has(name)))
}

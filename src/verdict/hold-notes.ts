import type { RunSample } from './run-sample.ts'

/** What is to be said of the runs of one side: those that the load generator may have disturbed. */
export function degradedNotes(name: string, runs: readonly RunSample[]): string[] {
  const degraded = runs.filter(({ validity }) => validity === 'degraded')
  if (degraded.length === 0) return []
  const reasons = [...new Set(degraded.flatMap(({ reasons = [] }) => reasons))]
  return [`${degraded.length} of ${runs.length} runs of ${name} ${degraded.length === 1 ? 'is' : 'are'} degraded: ${reasons.join('; ')}.`]
}

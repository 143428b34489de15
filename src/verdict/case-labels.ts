import type { BatchCaseMetrics } from '../metrics/summary-types.ts'

/** Cases with their names; a repeated one is numbered, for each is spoken of by its name. */
export function labelled(cases: readonly BatchCaseMetrics[]): { figures: BatchCaseMetrics; label: string }[] {
  const counts = new Map<string, number>()
  return cases.map((figures) => {
    const name = `batch ${figures.batch}, in ${figures.inputLength}, out ${figures.outputLength}`
    const times = (counts.get(name) ?? 0) + 1
    counts.set(name, times)
    return { figures, label: `[${name}${times > 1 ? `, run ${times}` : ''}]` }
  })
}

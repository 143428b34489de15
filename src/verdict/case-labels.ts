import type { BatchCaseMetrics } from '../metrics/summary-types.ts'
import type { CaseSelector } from './slo-types.ts'

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

const SHORT_NAMES = { batch: 'batch', inputLength: 'in', outputLength: 'out' } as const

/** As {@link labelled} names cases: `[batch 4, out 1]`. */
export function selectorLabel(selector: CaseSelector): string {
  return `[${Object.entries(selector)
    .map(([name, length]) => `${SHORT_NAMES[name as keyof CaseSelector]} ${length}`)
    .join(', ')}]`
}

const LABEL = /\[batch (\d+), in (\d+), out (\d+)(?:, run \d+)?\]$/

/** The case that a figure's name ends in; undefined where it is of no case. */
export function caseOfFigure(name: string): Required<CaseSelector> | undefined {
  const match = LABEL.exec(name)
  return match === null ? undefined : { batch: Number(match[1]), inputLength: Number(match[2]), outputLength: Number(match[3]) }
}

/** Whether a figure is of a case that has all the given lengths. */
export function matchesCase(name: string, selector: CaseSelector): boolean {
  const ofCase = caseOfFigure(name)
  return ofCase !== undefined && Object.entries(selector).every(([key, length]) => ofCase[key as keyof CaseSelector] === length)
}

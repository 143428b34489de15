import { counted } from '../counted.ts'
import type { Comparison } from './comparison.ts'
import type { Holding } from './holding.ts'

/** Thrown by a matcher whose bench does not hold, or where a figure can't be compared; the reports know it by its name. */
export class HoldBreachError extends Error {
  readonly holding: Holding

  constructor(message: string, holding: Holding) {
    super(message)
    this.name = 'HoldBreachError'
    this.holding = holding
  }
}

/** What a holding is about, apart from what comes of it. */
export type HoldingFacts = Omit<Holding, 'state' | 'comparisons'>

/** Judges all comparisons of one call together. Guards of quality that hold are left out: they are no news. */
export function holdingOf(facts: HoldingFacts, comparisons: readonly Comparison[]): Holding {
  const shown = comparisons.filter(({ guard, state }) => guard !== true || state !== 'pass')
  const holding = { ...facts, state: stateOf(comparisons), comparisons: shown, notes: [...facts.notes] }
  const hidden = comparisons.length - shown.length
  if (shown.length > 1) {
    const guards = hidden === 0 ? '' : ` (${hidden} of them guard the answers' quality, and hold)`
    holding.notes.push(`${comparisons.length} metrics were compared at once${guards}; claims of a change are corrected for that (Holm).`)
  }
  return holding
}

/** The error that a holding fails its test with; undefined where it passes. */
export function breachOf(holding: Holding): HoldBreachError | undefined {
  const { state, inconclusive } = holding
  const fails = state === 'regressed' || state === 'error' || state === 'invalid' || (state === 'inconclusive' && inconclusive === 'fail')
  return fails ? new HoldBreachError(formatHolding(holding), holding) : undefined
}

const MARKS: Readonly<Partial<Record<Comparison['state'], string>>> = { regressed: '✗', error: '!', inconclusive: '?' }

/** What a reader is told: what regressed, what can't be compared, what is undecided, and what would change that. */
function formatHolding({ bench, against, comparisons, notes }: Holding): string {
  const by = Object.groupBy(comparisons, ({ state }) => state)
  const counts = [
    ...(by.regressed ? [`${by.regressed.length} of ${counted(comparisons.length, 'metric')} regressed`] : []),
    ...(by.error ? [`${by.error.length} of ${counted(comparisons.length, 'metric')} can't be compared`] : []),
    ...(by.inconclusive ? [`${by.inconclusive.length} of ${counted(comparisons.length, 'metric')} inconclusive`] : []),
  ]
  const otherwise = comparisons.length === 0 ? 'not compared' : `${counted(comparisons.length, 'metric')} held`
  const told = (['regressed', 'error', 'inconclusive'] as const).flatMap((state) => by[state] ?? [])
  return [
    `${bench} against ${against}: ${counts.length > 0 ? counts.join(', ') : otherwise}`,
    ...told.map(({ state, message }) => `  ${MARKS[state]!} ${message}`),
    ...notes.map((note) => `  ${note}`),
  ].join('\n')
}

function stateOf(comparisons: readonly Comparison[]): Holding['state'] {
  const has = (wanted: Comparison['state']): boolean => comparisons.some(({ state }) => state === wanted)
  if (has('regressed')) return 'regressed'
  if (has('error') || comparisons.length === 0) return 'error'
  return has('inconclusive') ? 'inconclusive' : 'held'
}

import { counted } from '../counted.ts'
import { LEAST_RUNS } from './statistics/difference.ts'
import type { RunCounts } from './statistics/levels.ts'
import { runsToSettle } from './statistics/runs-to-settle.ts'
import type { Weighed } from './weigh.ts'

/** What would settle an inconclusive comparison. */
export interface Settling {
  /** Runs of the measured side; absent where no number would do, or none can be told. */
  readonly runs?: number
  /** A sentence for the reader. */
  readonly advice: string
}

/** What a comparison was decided by. */
export interface SettlingPlan {
  readonly looks: readonly RunCounts[]
  /** Level for one metric among those compared at once. */
  readonly falseAlarm: number
  readonly miss: number
  readonly against: string
}

/** What would settle an inconclusive comparison, if estimate and variances stay as they are. */
export function settlingOf(entry: Weighed, { looks, falseAlarm, miss, against }: SettlingPlan): Settling {
  const { difference, scale, estimate } = entry
  const present = [entry.reference.length, entry.measured.length] as const
  const inStep = runInStep(looks)
  const aSide = inStep ? ' a side' : ''
  if (present[0] < LEAST_RUNS && !inStep) {
    return {
      advice: `${against} has ${counted(present[0], 'run')}, and fewer than ${LEAST_RUNS} say too little of how runs differ: it needs more.`,
    }
  }
  if (difference === undefined) {
    return {
      runs: LEAST_RUNS,
      advice: `Fewer than ${LEAST_RUNS} runs say too little of how runs differ: have at least ${LEAST_RUNS}${aSide}.`,
    }
  }
  const level = estimate < scale.worst ? miss : falseAlarm
  const runs = runsToSettle(difference, scale.worst, level, { present, inStep })
  if (runs !== undefined) {
    const few = Math.min(...present) < LEAST_RUNS ? `Fewer than ${LEAST_RUNS} runs say too little of how runs differ: ` : ''
    return { runs, advice: few === '' ? `About ${runs} runs${aSide} would settle it.` : `${few}about ${runs}${aSide} would settle it.` }
  }
  if (!inStep && runsToSettle(difference, scale.worst, level, { present, inStep: true }) !== undefined) {
    return { advice: `More runs would not settle it: ${against} needs more of its own.` }
  }
  return { advice: 'No reasonable number of runs would settle it: the change is about as large as what is allowed.' }
}

/** Whether the reference runs along, as in a comparison of two benches; a baseline has its runs already. */
function runInStep(looks: readonly RunCounts[]): boolean {
  const [first, last] = [looks[0], looks.at(-1)]
  if (first === undefined || last === undefined) return false
  return first === last ? first[0] === first[1] : first[0] !== last[0]
}

import type { AsyncMatcherResult, MatcherState } from 'vitest'
import { LlmBenchError } from '../errors.ts'
import { checkHold, clausesFor } from '../verdict/check-hold.ts'
import type { CheckedHold } from '../verdict/check-hold.ts'
import { differences, isAxisOf } from '../verdict/cohort.ts'
import type { AxisDifference } from '../verdict/cohort.ts'
import { holdingOf } from '../verdict/hold.ts'
import type { HoldingFacts } from '../verdict/hold.ts'
import { degradedNotes } from '../verdict/hold-notes.ts'
import type { Hold } from '../verdict/hold-types.ts'
import type { Holding } from '../verdict/holding.ts'
import type { MeasuredRun } from './bench-result.ts'
import { conclude, telling } from './conclude.ts'
import { mustBeAwaited } from './must-await.ts'
import { receivedRun, refuseClientBound } from './received.ts'
import { sideOf, untilSettled } from './until-settled.ts'

const MATCHER = 'toHoldAgainst()'

/**
 * `await expect(result.get('v2')).toHoldAgainst(result.get('v1'), { … })`: one bench held against another of the same test, by the
 * same statistics as a baseline. Both are run again while that decides nothing, up to their most.
 */
export function toHoldAgainst(this: MatcherState, received: unknown, reference: unknown, asked?: Hold): AsyncMatcherResult {
  return mustBeAwaited(this, MATCHER, holdAgainst(this, received, reference, asked))
}

async function holdAgainst(
  { isNot, task }: MatcherState,
  received: unknown,
  reference: unknown,
  asked: Hold | undefined,
): AsyncMatcherResult {
  if (isNot) throw new LlmBenchError('USAGE', `${MATCHER} can't be turned round by .not: what does not hold may be undecided, too.`)
  const hold = checkHold(asked, MATCHER)
  const measured = receivedRun(received, MATCHER)
  const against = receivedRun(reference, `${MATCHER} as its reference`)
  if (measured === against) throw new LlmBenchError('USAGE', `${MATCHER} got the same result twice: there is nothing to compare.`)
  return conclude(task, await judge(task, measured, against, hold, factsOf(measured, against, hold)))
}

function factsOf(measured: MeasuredRun, reference: MeasuredRun, { inconclusive }: CheckedHold): HoldingFacts {
  const { bench, attempt, cohort } = measured.standing.report
  const against = reference.standing.report
  return {
    bench,
    attempt,
    matcher: 'toHoldAgainst',
    against: against.bench,
    inconclusive,
    differences: differences(against.cohort, cohort),
    notes: [],
  }
}

async function judge(
  task: MatcherState['task'],
  measured: MeasuredRun,
  reference: MeasuredRun,
  hold: CheckedHold,
  facts: HoldingFacts,
): Promise<Holding> {
  const { bench, attempt, against } = facts
  const foreign = facts.differences.filter(({ axis }) => !mayDiffer(axis, hold))
  if (foreign.length > 0) return { ...facts, state: 'error', comparisons: [], notes: [whyNot(bench, against, foreign)] }
  const refuseInvalid = (): void => {
    refuseClientBound(reference)
    refuseClientBound(measured)
  }
  const sides = { reference: sideOf(reference), measured: sideOf(measured) }
  const comparisons = await telling(task, facts, 'invalid', () => {
    refuseInvalid()
    const clauses = clausesFor(hold, sides.reference.samples(), sides.measured.samples())
    return untilSettled(sides, clauses, hold, { bench, attempt, against }, refuseInvalid)
  })
  const notes = [...degradedNotes(against, sides.reference.samples()), ...degradedNotes(bench, sides.measured.samples())]
  return holdingOf({ ...facts, notes }, comparisons)
}

/** Two benches are compared for what they run on; what is asked of it is the same. */
function mayDiffer(axis: string, { across }: CheckedHold): boolean {
  return isAxisOf(axis, ['target', 'model', 'engine', ...across])
}

function whyNot(bench: string, against: string, foreign: readonly AxisDifference[]): string {
  const axes = foreign.map(({ axis, reference = 'unknown', measured = 'unknown' }) => `${axis} (${reference} and ${measured})`)
  const names = foreign.map(({ axis }) => `'${axis}'`).join(', ')
  return (
    `${against} and ${bench} differ in ${axes.join(', ')}, so that a change would not be the server's: ` +
    `give both the same, or say that it is meant: { across: [${names}] }.`
  )
}

import type { AsyncMatcherResult, MatcherState } from 'vitest'
import { LlmBenchError, messageOf } from '../errors.ts'
import { checkHold, clausesFor } from '../verdict/check-hold.ts'
import type { CheckedHold } from '../verdict/check-hold.ts'
import { differences } from '../verdict/cohort.ts'
import type { AxisDifference } from '../verdict/cohort.ts'
import { breachOf, holdingOf } from '../verdict/hold.ts'
import type { HoldingFacts } from '../verdict/hold.ts'
import { degradedNotes } from '../verdict/hold-notes.ts'
import type { Hold } from '../verdict/hold-types.ts'
import type { Holding } from '../verdict/holding.ts'
import type { RunSample } from '../verdict/run-sample.ts'
import type { MeasuredRun } from './bench-result.ts'
import { metaOf } from './meta.ts'
import { mustBeAwaited } from './must-await.ts'
import { receivedRun, refuseClientBound } from './received.ts'
import { untilSettled } from './until-settled.ts'
import type { ComparedSide } from './until-settled.ts'

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
  const facts = factsOf(measured, against, hold)
  const keep = (holding: Holding): void => {
    if (task !== undefined) metaOf(task).holdings.push(holding)
  }
  const refuseInvalid = (): void => {
    try {
      refuseClientBound(against)
      refuseClientBound(measured)
    } catch (error) {
      keep({ ...facts, state: 'invalid', comparisons: [], notes: [messageOf(error)] })
      throw error
    }
  }
  const holding = await judge(measured, against, hold, facts, refuseInvalid)
  keep(holding)
  const breach = breachOf(holding)
  if (breach !== undefined) throw breach
  return { pass: true, message: () => '' }
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
  measured: MeasuredRun,
  reference: MeasuredRun,
  hold: CheckedHold,
  facts: HoldingFacts,
  refuseInvalid: () => void,
): Promise<Holding> {
  const { bench, attempt, against } = facts
  const foreign = facts.differences.filter(({ axis }) => !mayDiffer(axis, hold))
  if (foreign.length > 0) return { ...facts, state: 'error', comparisons: [], notes: [whyNot(bench, against, foreign)] }
  refuseInvalid()
  const sides = { reference: sideOf(reference), measured: sideOf(measured) }
  const clauses = clausesFor(hold, sides.reference.samples(), sides.measured.samples())
  const comparisons = await untilSettled(sides, clauses, hold, { bench, attempt, against }, refuseInvalid)
  const notes = [...degradedNotes(against, sides.reference.samples()), ...degradedNotes(bench, sides.measured.samples())]
  return holdingOf({ ...facts, notes }, comparisons)
}

function sideOf(run: MeasuredRun): ComparedSide {
  return { samples: (): RunSample[] => run.runs.map(({ sample }) => sample), repeats: run.repeats, again: () => run.again() }
}

/** Two benches are compared for what they run on; what is asked of it is the same. */
function mayDiffer(axis: string, { across }: CheckedHold): boolean {
  return axis === 'target' || axis === 'model' || axis.startsWith('engine.') || across.includes(axis)
}

function whyNot(bench: string, against: string, foreign: readonly AxisDifference[]): string {
  const axes = foreign.map(({ axis, reference = 'unknown', measured = 'unknown' }) => `${axis} (${reference} and ${measured})`)
  const names = foreign.map(({ axis }) => `'${axis}'`).join(', ')
  return (
    `${against} and ${bench} differ in ${axes.join(', ')}, so that a change would not be the server's: ` +
    `give both the same, or say that it is meant: { across: [${names}] }.`
  )
}

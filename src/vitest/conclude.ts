import type { MatcherState } from 'vitest'
import { messageOf } from '../errors.ts'
import { breachOf } from '../verdict/hold.ts'
import type { HoldingFacts } from '../verdict/hold.ts'
import type { Holding } from '../verdict/holding.ts'
import { metaOf } from './meta.ts'

type Task = MatcherState['task']

/**
 * Leaves a holding for the reports, and ends its matcher with it.
 * @throws {HoldBreachError} where it fails the test
 */
export function conclude(task: Task, holding: Holding): { pass: true; message: () => string } {
  keep(task, holding)
  const breach = breachOf(holding)
  if (breach !== undefined) throw breach
  return { pass: true, message: () => '' }
}

/**
 * Has what `act` throws stand in the reports too: why nothing was judged.
 * @param state what that makes of the holding
 */
export async function telling<Result>(
  task: Task,
  facts: HoldingFacts,
  state: 'invalid' | 'error',
  act: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    keep(task, { ...facts, state, comparisons: [], notes: [...facts.notes, messageOf(error)] })
    throw error
  }
}

function keep(task: Task, holding: Holding): void {
  if (task !== undefined) metaOf(task).holdings.push(holding)
}

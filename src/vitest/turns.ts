import type { RunnerTestCase } from 'vitest'

// Two runs at a time would measure each other: those started together queue. Ordinary ones do so behind workloads only, and
// workloads behind them; among themselves they are as without us.
let last: Promise<void> = Promise.resolve()
const ordinary = new Set<Promise<unknown>>()

/** Runs workloads when whatever was started before has ended. */
export async function inTurn<Result>(test: RunnerTestCase, run: () => Promise<Result>): Promise<Result> {
  const before = [last, ...ordinary]
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  last = over
  // A run that is cancelled still has a partial report to write: the test is not over before that.
  test.context.onTestFinished(() => over)
  try {
    await Promise.allSettled(before)
    // Awaited, and by this alone: else the stack of an error would not lead back to the user's line.
    return await run()
  } finally {
    end()
  }
}

/** Runs ordinary functions when the workloads that were started before have ended. */
export async function afterWorkloads<Result>(run: () => Promise<Result>): Promise<Result> {
  const turn = last.then(run)
  ordinary.add(turn)
  try {
    return await turn
  } finally {
    ordinary.delete(turn)
  }
}

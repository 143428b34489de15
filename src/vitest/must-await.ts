import type { RunnerTestCase } from 'vitest'
import { LlmBenchError } from '../errors.ts'
import { HoldBreachError } from '../verdict/hold.ts'
import { thrownAt, withoutOwnFrames } from './own-frames.ts'

/** What is known of an assertion that is made: the test that makes it, and whether by `expect.soft`. */
interface Assertion {
  readonly task?: Readonly<RunnerTestCase> | undefined
  readonly soft?: boolean | undefined
}

/**
 * The result of an asynchronous matcher, which Vitest takes for a pass where nobody awaits it: then the test fails, for the
 * assertion may have found anything by then, or nothing yet.
 * @param matcher as it is called: `toHoldAgainst()`
 */
export function mustBeAwaited<Result>({ task, soft }: Assertion, matcher: string, judging: Promise<Result>): Promise<Result> {
  if (task === undefined) return judging
  const name = matcher.replace('()', '')
  const forgotten = withoutOwnFrames(
    new LlmBenchError('USAGE', `${matcher} was not awaited, so that nothing was asserted: write \`await expect(run).${name}(…)\`.`),
  )
  let awaited = false
  task.context.onTestFinished(() => {
    if (!awaited) throw forgotten
  })
  // What a matcher returns is followed by Vitest first, by `expect.soft` once more, and only then by the user.
  const placed = judging.catch((error: unknown) => {
    // Told of the user's line: none leads there from a run that the assertion took.
    throw error instanceof LlmBenchError || error instanceof HoldBreachError ? thrownAt(forgotten, error) : error
  })
  return followed(placed, soft === true ? 2 : 1, () => {
    awaited = true
  }) as Promise<Result>
}

function followed(promise: Promise<unknown>, byVitest: number, onAwaited: () => void): Promise<unknown> {
  // The forgotten await is told by itself.
  promise.catch(() => undefined)
  const follow = (next: Promise<unknown>): Promise<unknown> => {
    if (byVitest > 0) return followed(next, byVitest - 1, onAwaited)
    onAwaited()
    return next
  }
  return {
    // oxlint-disable-next-line unicorn/no-thenable -- whether it is called is what is to be known
    then: (onFulfilled: never, onRejected: never) => follow(promise.then(onFulfilled, onRejected)),
    catch: (onRejected: never) => follow(promise.catch(onRejected)),
    finally: (onFinally: never) => follow(promise.finally(onFinally)),
    [Symbol.toStringTag]: 'Promise',
  } as Promise<unknown>
}

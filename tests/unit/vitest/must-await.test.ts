import { expect, test } from 'vitest'
import type { MatcherState } from 'vitest'
import { mustBeAwaited } from '../../../src/vitest/must-await.ts'

interface Judging<R> {
  toHoldSlowly(state: 'pass' | 'fail'): Promise<R>
}

declare module 'vitest' {
  // oxlint-disable-next-line typescript/no-unused-vars -- as Vitest declares it
  interface Matchers<R, T> extends Judging<void> {}
}

let finished: (() => void)[] = []

/** What is to be told when the test has finished; its own hooks are taken over by these tests. */
function atTheEnd(): string[] {
  return finished.flatMap((hook) => {
    try {
      hook()
      return []
    } catch (error) {
      return [(error as Error).message]
    }
  })
}

expect.extend({
  toHoldSlowly(this: MatcherState, _received: unknown, state: string) {
    const task = { context: { onTestFinished: (hook: () => void) => void finished.push(hook) } } as never
    const judging = Promise.resolve({ pass: state === 'pass', message: () => 'it regressed' })
    return mustBeAwaited({ task, soft: this.soft }, 'toHoldSlowly()', judging)
  },
} as never)

test('an assertion that is awaited passes or fails, and nothing more is told', async () => {
  finished = []
  await expect(1).toHoldSlowly('pass')
  await expect(expect(1).toHoldSlowly('fail')).rejects.toThrow('it regressed')
  await Promise.all([expect(1).toHoldSlowly('pass'), expect(2).toHoldSlowly('pass')])
  await expect(Promise.resolve(1)).resolves.toHoldSlowly('pass')
  expect(finished).toHaveLength(5)
  expect(atTheEnd()).toEqual([])
})

test('one that nobody awaits is an error, whatever it finds', () => {
  finished = []
  void expect(1).toHoldSlowly('pass')
  void expect(1).toHoldSlowly('fail')
  const forgotten = 'toHoldSlowly() was not awaited, so that nothing was asserted: write `await expect(run).toHoldSlowly(…)`.'
  expect(atTheEnd()).toEqual([forgotten, forgotten])
})

test('a soft assertion is awaited by the user, too, and not by Vitest alone', async () => {
  finished = []
  void expect.soft(1).toHoldSlowly('pass')
  expect(atTheEnd()).toHaveLength(1)
  finished = []
  await expect.soft(1).toHoldSlowly('pass')
  expect(atTheEnd()).toEqual([])
})

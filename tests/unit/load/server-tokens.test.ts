import { expect, test } from 'vitest'
import { followServerTokens } from '../../../src/load/server-tokens.ts'
import type { CountedTokens } from '../../../src/metrics/record.ts'

const { signal } = new AbortController()

/** A server whose counters show these in turn, and the last of them from then on. */
const counters = (...shown: (number | undefined)[]) => ({
  countedTokens: (): Promise<CountedTokens | undefined> => {
    const output = shown.length > 1 ? shown.shift() : shown[0]
    return Promise.resolve(output === undefined ? undefined : { input: 2 * output, output })
  },
})

test('tells by how much the counters grew', async () => {
  const grown = await followServerTokens(counters(100, 350), signal)
  expect(await grown()).toEqual({ input: 500, output: 250 })
})

test('waits for counters that lag behind the answers', async () => {
  const grown = await followServerTokens(counters(100, 200, 300, 350), signal)
  expect(await grown()).toEqual({ input: 500, output: 250 })
})

test.for([
  ['has no counters', [undefined]],
  ['has none any more', [100, undefined]],
  ['started anew meanwhile', [100, 50]],
] as const)('tells nothing of a server that %s', async ([, shown]) => {
  const grown = await followServerTokens(counters(...shown), signal)
  expect(await grown()).toBeUndefined()
})

test('tells nothing of a target that can have none', async () => {
  const grown = await followServerTokens({}, signal)
  expect(await grown()).toBeUndefined()
})

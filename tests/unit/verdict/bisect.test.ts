import { describe, expect, test } from 'vitest'
import { mostTests, nextStep } from '../../../src/verdict/bisect.ts'
import type { Step, VersionState } from '../../../src/verdict/bisect.ts'

/** Plays a search to its end. */
function search(versions: readonly string[], stateOf: (version: string) => VersionState) {
  const states = new Map<string, VersionState>()
  const tested: string[] = []
  for (;;) {
    const step = nextStep({ versions, states })
    if (step.kind !== 'test') return { step, tested }
    expect(states.has(step.version)).toBe(false)
    tested.push(step.version)
    states.set(step.version, stateOf(step.version))
  }
}

const named = (count: number): string[] => Array.from({ length: count }, (_, i) => `v${i + 1}`)

/** All sets of versions between the first and the last. */
function subsets(items: readonly string[]): Set<string>[] {
  return Array.from({ length: 2 ** items.length }, (_, mask) => new Set(items.filter((_, i) => mask & (1 << i))))
}

describe.for([2, 3, 4, 5, 6, 7, 8, 9])('of %i versions', (count) => {
  const versions = named(count)

  test('finds the first bad one wherever it is, within the stated number of tests', () => {
    for (let first = 1; first < count; first++) {
      const { step, tested } = search(versions, (version) => (versions.indexOf(version) >= first ? 'bad' : 'good'))
      expect(step).toEqual({ kind: 'found', firstBad: versions[first], lastGood: versions[first - 1] })
      // The last one is tested too: that it is bad at all.
      expect(tested.length).toBeLessThanOrEqual(1 + mostTests(count - 2))
    }
  })

  test('whatever does not tell, narrows it down to just what is left, at the cost of a test for each', () => {
    for (const mute of subsets(versions.slice(1, -1))) {
      for (let first = 1; first < count; first++) {
        const stateOf = (version: string): VersionState =>
          mute.has(version)
            ? versions.indexOf(version) % 2 === 0
              ? 'untested'
              : 'undecided'
            : versions.indexOf(version) >= first
              ? 'bad'
              : 'good'
        const { step, tested } = search(versions, stateOf)
        const told = versions.filter((version) => !mute.has(version))
        const lastGood = told.findLast((version) => versions.indexOf(version) < first)!
        const firstBad = told.find((version) => versions.indexOf(version) >= first)!
        const candidates = versions.slice(versions.indexOf(lastGood) + 1, versions.indexOf(firstBad) + 1)
        const expected: Step = candidates.length === 1 ? { kind: 'found', firstBad, lastGood } : { kind: 'range', candidates, lastGood }
        expect(step).toEqual(expected)
        const wasted = tested.filter((version) => mute.has(version)).length
        expect(tested.length).toBeLessThanOrEqual(1 + mostTests(count - 2) + wasted)
      }
    }
  })
})

test('a neighbour of a version that does not tell is tried next', () => {
  const states = new Map<string, VersionState>([['v9', 'bad']])
  const versions = named(9)
  expect(nextStep({ versions, states })).toEqual({ kind: 'test', version: 'v5' })
  states.set('v5', 'untested')
  expect(nextStep({ versions, states })).toEqual({ kind: 'test', version: 'v4' })
})

test.for(['good', 'undecided', 'untested'] as const)('without a regression there is nothing to look for: the last one is %s', (state) => {
  expect(search(named(8), () => state)).toEqual({ step: { kind: 'pointless', bad: 'v8', state }, tested: ['v8'] })
})

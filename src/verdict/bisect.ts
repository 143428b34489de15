/**
 * What came of a version when it was held against the good one. `untested`: it could not be measured (it did not start, its suite
 * failed). `undecided`: it was measured as often as is allowed, and the runs don't tell.
 */
export type VersionState = 'good' | 'bad' | 'undecided' | 'untested'

/** A search for the first bad version. */
export interface Search {
  /** In the order in which they were released: the first is the good one, the last the bad one. */
  readonly versions: readonly string[]
  /** What is known so far; the good version stands for itself, and is never in it. */
  readonly states: ReadonlyMap<string, VersionState>
}

/** What to do next, or what was found. */
export type Step =
  /** Hold this version against the good one. */
  | { readonly kind: 'test'; readonly version: string }
  /** The search is over: each version before `firstBad` is good as far as was looked, and `lastGood` is the one right before it. */
  | { readonly kind: 'found'; readonly firstBad: string; readonly lastGood: string }
  /** The search is over: the first bad version is one of these, in order; the last is known to be bad, of the others nothing is known. */
  | { readonly kind: 'range'; readonly candidates: readonly string[]; readonly lastGood: string }
  /** There is nothing to search: the version that should be bad isn't known to be. */
  | { readonly kind: 'pointless'; readonly bad: string; readonly state: Exclude<VersionState, 'bad'> }

/**
 * The next step of a search.
 *
 * The last version is tested first: without a regression there is nothing to look for. Then the median of the versions that
 * could still be the first bad one and have not been tested: one that tells halves them, one that doesn't is left out, and its
 * neighbour comes next. So a search over u versions in between tests at most {@link mostTests}(u) of them, and one more for each
 * that doesn't tell.
 */
export function nextStep({ versions, states }: Search): Step {
  const bad = versions.at(-1)!
  const badState = states.get(bad)
  if (badState === undefined) return { kind: 'test', version: bad }
  if (badState !== 'bad') return { kind: 'pointless', bad, state: badState }
  const { lastGood, candidates } = whatIsLeft({ versions, states })
  const untested = candidates.filter((version) => !states.has(version))
  if (untested.length > 0) return { kind: 'test', version: untested[Math.floor((untested.length - 1) / 2)]! }
  return candidates.length === 1 ? { kind: 'found', firstBad: candidates[0]!, lastGood } : { kind: 'range', candidates, lastGood }
}

/** The versions that the first bad one is among, in order, and the good one right before them; the last is bad as far as is known. */
export function whatIsLeft({ versions, states }: Search): { readonly lastGood: string; readonly candidates: readonly string[] } {
  const lastGood = Math.max(
    0,
    versions.findLastIndex((version) => states.get(version) === 'good'),
  )
  const firstBad = versions.findIndex((version) => states.get(version) === 'bad')
  return { lastGood: versions[lastGood]!, candidates: versions.slice(lastGood + 1, firstBad === -1 ? undefined : firstBad + 1) }
}

/** How many of `count` versions in between are tested at most, where each tells. */
export function mostTests(count: number): number {
  return count === 0 ? 0 : Math.floor(Math.log2(count)) + 1
}

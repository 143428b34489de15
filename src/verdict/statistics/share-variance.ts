/** A run's share, and how many it is a share of. */
export interface CountedShare {
  readonly value: number
  readonly of?: number
}

/**
 * The least variance that one run's share has: p(1 − p) / n of a binomial distribution, with n of one run on average. Two successes
 * and two failures are added to the counts of all runs, so that none failed of a thousand does not read as none can fail: there the
 * plain p(1 − p) would be 0.
 *
 * Source: A. Agresti and B. A. Coull, "Approximate is better than 'exact' for interval estimation of binomial proportions", The
 * American Statistician 52 (1998).
 * @returns undefined where a run does not tell how many it is a share of
 */
export function shareVariance(runs: readonly CountedShare[]): number | undefined {
  let [successes, all] = [2, 4]
  for (const { value, of } of runs) {
    if (of === undefined) return undefined
    successes += value * of
    all += of
  }
  const share = successes / all
  return (share * (1 - share) * runs.length) / all
}

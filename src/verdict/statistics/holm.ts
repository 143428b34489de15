/**
 * Which of several claims stand when the chance that any of them is false must stay under a level: in order of their p-values, the
 * least first, a claim of j that are left must keep the level / j; the first that does not ends it.
 *
 * Source: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979); with the
 * levels of a look in place of the plain ones: W. Maurer and F. Bretz, "Multiple testing in group sequential trials using graphical
 * approaches", Statistics in Biopharmaceutical Research 5 (2013).
 * @param chances p-values of the claims
 * @param levelFor the level of one claim of so many
 */
export function standingClaims(chances: readonly number[], levelFor: (claims: number) => number): boolean[] {
  const order = chances.map((_, i) => i).toSorted((i, j) => chances[i]! - chances[j]!)
  const stand = chances.map(() => false)
  for (const [rank, i] of order.entries()) {
    if (chances[i]! > levelFor(chances.length - rank)) break
    stand[i] = true
  }
  return stand
}

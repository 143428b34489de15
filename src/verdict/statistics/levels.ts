import { LEAST_RUNS } from './difference.ts'
import { informationOf, nominalLevels, spentBy } from './looks.ts'

/** Run counts of both sides. */
export type RunCounts = readonly [reference: number, measured: number]

/** Nominal levels by looks and level: they take an integration, and every comparison of a suite needs the same few. */
const known = new Map<string, readonly number[]>()

/**
 * The level at which a test may be made at the present look, for a chance of error over all looks. Looks with fewer runs than
 * {@link LEAST_RUNS} on a side decide nothing, and so spend nothing.
 * @param looks run counts at each look that may be taken, in order
 * @param present run counts now; with too few runs to decide anything the plain level is given
 * @throws {RangeError} where no look has the present counts, or where looks don't grow
 */
export function levelAt(looks: readonly RunCounts[], present: RunCounts, level: number): number {
  if (Math.min(...present) < LEAST_RUNS) return level
  const deciding = looks.filter((counts) => Math.min(...counts) >= LEAST_RUNS)
  const at = deciding.findIndex(([reference, measured]) => reference === present[0] && measured === present[1])
  if (at < 0) throw new RangeError(`no look was planned at ${present[0]} runs against ${present[1]}: ${JSON.stringify(looks)}`)
  const key = `${level} ${deciding.join(' ')}`
  const levels = known.get(key) ?? levelsOf(deciding, level)
  known.set(key, levels)
  return levels[at]!
}

function levelsOf(looks: readonly RunCounts[], level: number): readonly number[] {
  const information = looks.map(informationOf)
  if (information.some((now, look) => look > 0 && now <= information[look - 1]!)) {
    throw new RangeError(`looks must grow from one to the next: ${JSON.stringify(looks)}`)
  }
  const all = information.at(-1)!
  return nominalLevels(
    information,
    information.map((now) => spentBy(now / all, level)),
  )
}

import type { Repeats } from '../dsl/repeats.ts'

/** How often one side of a comparison was run, and how often it may be. */
export interface RunCount {
  readonly runs: number
  readonly repeats: Repeats
}

/** Run counts of both sides at each look that may be taken, in order: the present one first, then one more run a look up to the most. */
export function planLooks(reference: RunCount, measured: RunCount): [reference: number, measured: number][] {
  const further = Math.max(...[reference, measured].map(({ repeats }) => repeats.max - repeats.min))
  const looks: [number, number][] = []
  for (let more = 0; more <= further; more++) {
    const [theirs, ours] = [runsAt(reference, more), runsAt(measured, more)]
    const last = looks.at(-1)
    // A side that was run again for another assertion is ahead of its own least.
    if (last === undefined || theirs > last[0] || ours > last[1]) looks.push([theirs, ours])
  }
  return looks
}

function runsAt({ runs, repeats }: RunCount, more: number): number {
  return Math.max(runs, Math.min(repeats.min + more, repeats.max))
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { CountedTokens } from '../metrics/record.ts'
import type { Target } from '../targets/target.ts'

/** Between two looks at counters that may not have come to rest, and how many there are at most. */
const PAUSE_MS = 200
const LOOKS = 5

/**
 * Begins to follow a server's own counters, before a load.
 * @returns what tells, after the load, by how much they grew; undefined where the server has none, or started anew meanwhile
 */
export async function followServerTokens(
  target: Pick<Target, 'countedTokens'>,
  signal: AbortSignal,
): Promise<() => Promise<CountedTokens | undefined>> {
  const before = await target.countedTokens?.(signal)
  return async () => {
    const after = before && (await settled(() => target.countedTokens!(signal)))
    if (after === undefined || before === undefined) return undefined
    const grown = { input: after.input - before.input, output: after.output - before.output }
    return grown.input < 0 || grown.output < 0 ? undefined : grown
  }
}

/** Servers count an answer's last tokens a little after its last byte. */
async function settled(look: () => Promise<CountedTokens | undefined>): Promise<CountedTokens | undefined> {
  let counted = await look()
  for (let looks = 1; looks < LOOKS && counted !== undefined; looks++) {
    await sleep(PAUSE_MS)
    const again = await look()
    if (again?.output === counted.output) return again
    counted = again
  }
  return counted
}

/** How long opening connections ahead may take; what is not open by then is opened by the requests. */
const AHEAD_TIMEOUT_MS = 5000

/** Ends what is done ahead when the run is given up, or the time for it is over. */
export function aheadSignal(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(AHEAD_TIMEOUT_MS)])
}

/** What is done ahead at the same time: servers let few connections wait to be accepted. */
const AT_ONCE = 32

/**
 * Does a thing so often, some at a time, such as opening connections; ends early where it fails in each lane, or the signal aborts.
 * @param once tells whether it went well; must not reject
 */
export async function inLanes(times: number, signal: AbortSignal, once: () => Promise<boolean>): Promise<void> {
  let left = times
  const lane = async (): Promise<void> => {
    while (left-- > 0 && !signal.aborted) if (!(await once())) return
  }
  const lanes = Promise.all(Array.from({ length: Math.max(0, Math.min(times, AT_ONCE)) }, lane))
  if (signal.aborted) return
  const { promise: aborted, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await Promise.race([lanes, aborted])
}

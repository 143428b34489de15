/** Milliseconds that a test waits for what comes about by itself: much longer than it takes, for a busy machine stands still for seconds. */
export const PATIENCE_MS = 80_000

/** Resolves once this holds, and rejects where it does not in all that time. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('what was waited for did not come about')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

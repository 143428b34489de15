import { readdirSync, readFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'

/** As Linux shows the names of V8's threads, cut to 15 characters. */
const HELPERS = new Set(['V8Worker', 'DelayedTaskSche'])

/**
 * Gives V8's own threads, which compile beside JavaScript, the lowest priority: where a core is free they lose nothing by it, and
 * where none is, a thread that reads tokens waits for them for a moment instead of several ms at a time. To be called once what is
 * to be fast has been compiled, and only where garbage is collected by one thread (`--single-threaded-gc`): else collecting waits
 * for them. For Linux alone, where each thread has a priority of its own.
 */
export function yieldHelperThreads(): void {
  if (process.platform !== 'linux') return
  for (const thread of threads()) {
    try {
      if (!HELPERS.has(readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim())) continue
      setPriority(Number(thread), constants.priority.PRIORITY_LOW)
    } catch {
      // It has ended, or a sandbox refuses: nothing depends on it.
    }
  }
}

function threads(): string[] {
  try {
    return readdirSync('/proc/self/task')
  } catch {
    return []
  }
}

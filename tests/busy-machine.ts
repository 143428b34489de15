import { readFile } from 'node:fs/promises'
import type { TestContext } from 'vitest'

/** More of the time than this waited for a core, and a change of a few percent can't be told. */
const BUSY_SHARE = 0.3

/**
 * A test whose outcome is a measurement. Where it fails while other work, or the machine's host, kept the cores from it for a good
 * part of the time, it is skipped and says so: it would have measured that.
 */
export function measuring(run: (context: TestContext) => Promise<void>): (context: TestContext) => Promise<void> {
  return async (context) => {
    const before = await cpuTimes()
    try {
      await run(context)
    } catch (error) {
      const share = busyShare(before, await cpuTimes())
      if (share > BUSY_SHARE) context.skip(`the machine was busy: for ${Math.round(share * 100)} % of the time work waited for a core`)
      throw error
    }
  }
}

interface CpuTimes {
  /** Ticks of all cores, and those that the host gave to others. */
  readonly total: number
  readonly stolen: number
  /** Microseconds in which something that could run had to wait; of this machine's own. */
  readonly waitingUs: number
  readonly atMs: number
}

function busyShare(before: CpuTimes, after: CpuTimes): number {
  const total = after.total - before.total
  const stolen = total > 0 ? (after.stolen - before.stolen) / total : 0
  return stolen + (after.waitingUs - before.waitingUs) / 1e3 / (after.atMs - before.atMs)
}

/** What Linux tells; elsewhere nothing does, and nothing is excused. */
async function cpuTimes(): Promise<CpuTimes> {
  const [stat, pressure] = await Promise.all(['/proc/stat', '/proc/pressure/cpu'].map((path) => readFile(path, 'utf8').catch(() => '')))
  const ticks = (/^cpu +(.*)$/m.exec(stat!)?.[1] ?? '').split(' ').map(Number)
  return {
    total: ticks.slice(0, 8).reduce((sum, count) => sum + count, 0),
    stolen: ticks[7] ?? 0,
    waitingUs: Number(/^some .*total=(\d+)/m.exec(pressure!)?.[1] ?? 0),
    atMs: performance.now(),
  }
}

import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'

/** Which core a process of the measurement has to itself. */
export type Seat = 'server' | 'client' | 'any'

const CORES: Readonly<Record<Seat, string>> = { server: '0', client: '1', any: '0,1' }

/** Whether server and client can have a core each. */
export const canPin = availableParallelism() >= 2 && spawnSync('taskset', ['-V']).status === 0

/** The command line that runs a program where it is to run. */
export function seated(seat: Seat, program: string, args: readonly string[]): readonly [program: string, args: readonly string[]] {
  return canPin ? ['taskset', ['-c', CORES[seat], program, ...args]] : [program, args]
}

/** The machine, for readers of a report. */
export function machineLine(): string {
  const cores = cpus()
  const gib = Math.round(totalmem() / 2 ** 30)
  const pinned = canPin
    ? 'server pinned to one core, client to another'
    : 'server and client share all cores: `taskset` is missing, or there is but one core'
  return `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown CPU'}, ${gib} GiB, ${process.platform} ${process.arch}, Node ${process.version}; ${pinned}`
}

/** What the client's core (all cores, where none is its own) did, in seconds. */
export interface CoreTimes {
  readonly busy: number
  /** Wanted, and given to another machine by the hypervisor. */
  readonly stolen: number
}

const TICKS_PER_SECOND = 100

/** Since the machine's start; absent where the system does not tell. */
export function clientCoreTimes(): CoreTimes | undefined {
  let text: string
  try {
    text = readFileSync('/proc/stat', 'utf8')
  } catch {
    return undefined
  }
  const line = new RegExp(`^cpu${canPin ? CORES.client : ''} (.*)$`, 'm').exec(text)?.[1]
  if (line === undefined) return undefined
  const [user, nice, system, , , irq, softirq, steal] = line
    .trim()
    .split(/\s+/)
    .map((ticks) => Number(ticks) / TICKS_PER_SECOND)
  return { busy: user! + nice! + system! + irq! + softirq!, stolen: steal! }
}

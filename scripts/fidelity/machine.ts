import { spawnSync } from 'node:child_process'
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

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

/** What ran beside a measurement, in seconds. */
export interface Others {
  readonly seconds: number
  /** CPU time of processes that are none of the measurement's. */
  readonly busy: number
  /** CPU time that the hypervisor gave to other machines though this one wanted it. */
  readonly stolen: number
}

/** Shares of a core above which others had a part in what was measured. */
const MOST_BUSY = 0.1
const MOST_STOLEN = 0.02

/** Whether somebody else had a part in what was measured. */
export function isDisturbed({ seconds, busy, stolen }: Others): boolean {
  return busy > MOST_BUSY * seconds || stolen > MOST_STOLEN * seconds
}

/** Runs a measurement, all of whose processes have ended when it resolves, and tells what ran beside it; nothing where the system does not. */
export async function watched<Result>(measurement: () => Promise<Result>): Promise<readonly [Result, Others | undefined]> {
  const before = machineTimes()
  const result = await measurement()
  const after = machineTimes()
  if (before === undefined || after === undefined) return [result, undefined]
  const [seconds, busy, stolen, own] = after.map((value, i) => value - before[i]!) as [number, number, number, number]
  return [result, { seconds, busy: Math.max(0, busy - own), stolen }]
}

const TICKS_PER_SECOND = 100

/** In seconds: now, the work of all cores, what was stolen from them, and the work of this process and of its children that have ended. */
function machineTimes(): readonly [nowS: number, busyS: number, stolenS: number, ownS: number] | undefined {
  const own = ownSeconds()
  if (own === undefined) return undefined
  const [user, nice, system, , , irq, softirq, stolen] = /^cpu +(.*)$/m
    .exec(readFileSync('/proc/stat', 'utf8'))![1]!
    .split(' ')
    .map(inSeconds)
  return [performance.now() / 1000, user! + nice! + system! + irq! + softirq!, stolen!, own]
}

/** CPU time of this process and of its children that have ended, where the system tells. */
export function ownSeconds(): number | undefined {
  let self: string
  try {
    self = readFileSync('/proc/self/stat', 'utf8')
  } catch {
    return undefined
  }
  // After the name in brackets, which may hold anything, field 3 comes first; user and system time of the process and of its children are 14 to 17.
  const times = self
    .slice(self.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
  return times.map(inSeconds).reduce((sum, seconds) => sum + seconds, 0)
}

function inSeconds(ticks: string): number {
  return Number(ticks) / TICKS_PER_SECOND
}

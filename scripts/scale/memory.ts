import { readFileSync, writeFileSync } from 'node:fs'

/** What the kernel knows of a process's memory, in MB (10⁶ bytes). */
export interface Resident {
  readonly now: number
  /** The most since the process began, or since {@link forgetPeak}. */
  readonly peak: number
}

/** Memory of a process; Linux alone tells it. */
export function residentOf(pid: number | 'self' = 'self'): Resident {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (name: string): number => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1e6
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') }
}

/** Lets the kernel count this process's peak anew. */
export function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5')
}

/** Prints a line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

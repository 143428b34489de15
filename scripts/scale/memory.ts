import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

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

/** A process and all that it has started, with their command lines; those that end meanwhile are left out. */
export function familyOf(pid: number): (Resident & { readonly command: string })[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const parents = new Map(ids.map((id) => [Number(id), parentOf(id)]))
  const belongs = (id: number | undefined): boolean => id !== undefined && (id === pid || belongs(parents.get(id)))
  return [pid, ...ids.map(Number).filter((id) => id !== pid && belongs(id))].flatMap((id) => {
    try {
      return [{ ...residentOf(id), command: readFileSync(`/proc/${id}/cmdline`, 'utf8') }]
    } catch {
      return []
    }
  })
}

function parentOf(id: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1]?.split(' ')[1])
  } catch {
    return undefined
  }
}

/** Lets the kernel count this process's peak anew. */
export function forgetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5')
}

/** Prints a line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/**
 * Finds and ends the processes of a server.
 *
 * Everywhere: its process group. On Linux also what has left the group: processes of the same session, those whose environment
 * holds the server's mark (which children inherit), and the descendants of all of these. What has made a session of its own, hidden
 * its environment and lost its parent can't be told from others.
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { MARK_VARIABLE } from './messages.ts'
import type { Family } from './messages.ts'

const POLL_MS = 50
/** What was sent SIGKILL is gone at once, unless it hangs in the kernel, where nothing reaches it. */
const KILL_TIMEOUT_MS = 5000

/**
 * Ends a server: SIGTERM to all its processes, SIGKILL to those left after `graceMs`.
 * @returns the ids of those that are there still
 */
export async function endFamily(family: Family, graceMs: number): Promise<number[]> {
  await signalAll(family, 'SIGTERM')
  if ((await whenGone(family, graceMs)).length === 0) return []
  const end = performance.now() + KILL_TIMEOUT_MS
  for (;;) {
    // Again and again: a process may have been forked between the look and the kill.
    await signalAll(family, 'SIGKILL')
    const left = await whenGone(family, POLL_MS)
    if (left.length === 0 || performance.now() > end) return left
  }
}

async function whenGone(family: Family, timeoutMs: number): Promise<number[]> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const left = await membersOf(family)
    if (left.length === 0 || performance.now() > end) return left
    await sleep(POLL_MS)
  }
}

async function signalAll(family: Family, signal: NodeJS.Signals): Promise<void> {
  for (const id of await membersOf(family)) {
    // A group at once, or what is forked meanwhile would be missed.
    if (id === family.leader) kill(-id, signal)
    kill(id, signal)
  }
}

/** The ids of a server's living processes; of its group only where there is no /proc. */
async function membersOf(family: Family): Promise<number[]> {
  if (process.platform !== 'linux') return kill(-family.leader, 0) ? [family.leader] : []
  const processes = await livingProcesses()
  const members = new Set<number>()
  for (const { id, group, session } of processes) if (group === family.leader || session === family.leader) members.add(id)
  const mark = `${MARK_VARIABLE}=${family.mark}`
  await Promise.all(
    processes.map(async ({ id }) => {
      if (members.has(id)) return
      const environment = await readFile(`/proc/${id}/environ`, 'latin1').catch(() => '')
      if (environment.split('\0').includes(mark)) members.add(id)
    }),
  )
  // Children of members, and theirs, until there are no more.
  for (let before = -1; before !== members.size;) {
    before = members.size
    for (const { id, parent } of processes) if (members.has(parent)) members.add(id)
  }
  return [...members]
}

interface ProcessEntry {
  readonly id: number
  readonly parent: number
  readonly group: number
  readonly session: number
}

/** `pid (name) state ppid pgrp session …`; the name may hold anything. */
const STAT = /\) (\S) (\d+) (\d+) (\d+) [^)]*$/

async function livingProcesses(): Promise<ProcessEntry[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const entries = await Promise.all(
    ids.map(async (id) => {
      const match = STAT.exec(await readFile(`/proc/${id}/stat`, 'latin1').catch(() => ''))
      // A zombie has ended; whether its parent ever takes notice is not ours to wait for.
      if (match === null || match[1] === 'Z' || match[1] === 'X') return []
      const [parent, group, session] = match.slice(2).map(Number)
      return [{ id: Number(id), parent: parent!, group: group!, session: session! }]
    }),
  )
  return entries.flat()
}

/** Whether there was anyone to take the signal. */
function kill(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(id, signal)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

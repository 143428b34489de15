import { spawn } from 'node:child_process'
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { seated } from './machine.ts'
import type { Seat } from './machine.ts'

const open = new Set<Child>()

/** A process, with all that it starts; it is ended when this one is. */
export interface Child {
  readonly process: ChildProcess
  /** To the process and to all that it has started. */
  signal(name: NodeJS.Signals): void
  /** Resolves once it is gone and its output has been read. */
  readonly closed: Promise<{ readonly code: number | null; readonly output: string }>
}

/** Starts a program on its core; what it prints is kept. */
export function start(seat: Seat, program: string, args: readonly string[], options: { ipc?: boolean; cwd?: string } = {}): Child {
  const [command, rest] = seated(seat, program, args)
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...(options.ipc === true ? (['ipc'] as const) : [])]
  // A group of its own.
  const child = spawn(command, rest, { stdio, detached: true, ...(options.cwd === undefined ? {} : { cwd: options.cwd }) })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => (output += text))
  const closed = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.once('error', (error) => (output += error.message))
    child.once('close', (code) => {
      open.delete(started)
      resolve({ code, output })
    })
  })
  const started: Child = { process: child, closed, signal: (name) => signalGroup(child, name) }
  open.add(started)
  return started
}

function signalGroup({ pid }: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name)
  } catch {
    // It has ended.
  }
}

/** Resolves with what it printed so far, once that holds a text. */
export async function printed(child: Child, text: RegExp): Promise<RegExpExecArray> {
  let seen = ''
  for (;;) {
    const event = await Promise.race([once(child.process.stdout!, 'data') as Promise<[string]>, child.closed])
    if (!Array.isArray(event)) throw new Error(`a server ended before it was ready: ${event.output}`)
    seen += event[0]
    const found = text.exec(seen)
    if (found !== null) return found
  }
}

/** Ends all that still runs. */
export function killAll(): void {
  for (const child of open) child.signal('SIGKILL')
}

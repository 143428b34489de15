import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChildLog } from '../../child-log.ts'
import type { LogPattern, ReadySpec } from '../../dsl/launch.ts'
import { messageOf } from '../../errors.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000
const TRY_TIMEOUT_MS = 5000

/** Waits for a server to take requests. */
export interface ReadyWatch {
  readonly ready: Promise<void>
  /** What is waited for, and what came of it so far. */
  readonly state: () => string
}

/**
 * Watches for the sign of readiness.
 * @param headers of a request for a URL
 * @param signal ends the watch; `ready` then never settles
 */
export function watchReady(spec: ReadySpec, log: ChildLog, headers: Readonly<Record<string, string>>, signal: AbortSignal): ReadyWatch {
  if ('log' in spec) {
    const { log: pattern } = spec
    const ready = new Promise<void>((resolve) => {
      const stop = log.onLine((line) => {
        if (!lineMatches(line, pattern)) return
        stop()
        resolve()
      })
      signal.addEventListener('abort', stop, { once: true })
    })
    const shown = typeof pattern === 'string' ? JSON.stringify(pattern) : `/${pattern.source}/${pattern.flags}`
    return { ready, state: () => `no line of its output held ${shown}` }
  }
  if ('url' in spec) return polled(`${spec.url} was asked for`, () => answers(spec.url, headers), signal)
  return polled(`port ${spec.port} of 127.0.0.1 was tried`, () => isOpen('127.0.0.1', Number(spec.port)), signal)
}

/** Whether a line is what a pattern means. */
function lineMatches(line: string, pattern: LogPattern): boolean {
  return typeof pattern === 'string' ? line.includes(pattern) : new RegExp(pattern.source, pattern.flags).test(line)
}

/** @param probe undefined where the server is ready, else what is in the way */
function polled(what: string, probe: () => Promise<string | undefined>, signal: AbortSignal): ReadyWatch {
  let last = 'without an answer so far'
  const poll = async (): Promise<void> => {
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
      const obstacle = await probe()
      if (obstacle === undefined) return
      last = obstacle
      await sleep(pause, undefined, { signal }).catch(() => {})
    }
    await new Promise(() => {})
  }
  return { ready: poll(), state: () => `${what}, ${last}` }
}

async function answers(url: string, headers: Readonly<Record<string, string>>): Promise<string | undefined> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(TRY_TIMEOUT_MS), redirect: 'manual' })
    await response.body?.cancel()
    return response.ok ? undefined : `which was answered with HTTP ${response.status}`
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
    return `in vain: ${(cause as NodeJS.ErrnoException).code ?? messageOf(cause)}`
  }
}

/** Undefined where somebody listens on a port, else why not. */
export function isOpen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TRY_TIMEOUT_MS })
    const settle = (obstacle?: string): void => {
      socket.destroy()
      resolve(obstacle)
    }
    socket.once('connect', () => settle())
    socket.once('timeout', () => settle('in vain: it does not answer'))
    socket.once('error', (error: NodeJS.ErrnoException) => settle(`in vain: ${error.code ?? error.message}`))
  })
}

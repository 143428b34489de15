import { setTimeout as sleep } from 'node:timers/promises'
import type { ChildLog } from '../../child-log.ts'
import type { LogPattern, ReadySpec } from '../../dsl/launch.ts'
import { ask } from './ask.ts'
import type { AskOptions } from './ask.ts'
import { isOpen, placeOfPort, showPlace } from './place.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000
const TRY_SECONDS = 5

/** Waits for a server to take requests. */
export interface ReadyWatch {
  readonly ready: Promise<void>
  /** What is waited for, and what came of it so far. */
  readonly state: () => string
}

/**
 * Watches for the sign of readiness, as the target will reach the server.
 * @param options.signal ends the watch; `ready` then never settles
 */
export function watchReady(spec: ReadySpec, log: ChildLog, options: AskOptions): ReadyWatch {
  const { signal, target, root } = options
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
  if ('url' in spec) return polled(`${spec.url} was asked for`, () => answers(spec.url, options), signal)
  const place = placeOfPort(Number(spec.port), target, root)
  return polled(`${showPlace(place)} was tried`, () => isOpen(place), signal)
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

async function answers(url: string, options: AskOptions): Promise<string | undefined> {
  const { status, problem } = await ask(url, TRY_SECONDS, options)
  return status !== undefined && status >= 200 && status < 300 ? undefined : `in vain: ${problem}`
}

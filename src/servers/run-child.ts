import { createInterface } from 'node:readline'
import { messageOf } from '../errors.ts'
import { REPORT_MARK } from './child-protocol.ts'
import type { ServerReport, StartMessage, StartReport } from './child-protocol.ts'

/** How long a tidy end may take, with a step of a large model in progress. */
const END_TIMEOUT_MS = 3000

/** A server within this process. */
export interface ServedHere {
  readonly report: ServerReport
  close(): Promise<void>
}

/**
 * A server's process: reads what to serve from stdin, reports its port on stdout, and ends when stdin does or on SIGTERM.
 * @param serve starts the server
 */
export function runChild<Spec>(serve: (start: StartMessage<Spec>) => Promise<ServedHere>): void {
  let served: ServedHere | undefined
  const end = (): void => {
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), END_TIMEOUT_MS)
    void (served?.close() ?? Promise.resolve()).finally(() => process.exit(0))
  }
  const start = async (message: StartMessage<Spec>): Promise<void> => {
    try {
      served = await serve(message)
      report({ type: 'ready', ...served.report })
    } catch (error) {
      report({ type: 'failed', message: messageOf(error) })
    }
  }
  // Ctrl-C goes to the whole group of processes; the parent lets requests finish and then closes stdin.
  process.on('SIGINT', () => {})
  process.once('SIGTERM', end)
  const input = createInterface({ input: process.stdin })
  input.once('line', (line) => void start(JSON.parse(line) as StartMessage<Spec>))
  input.once('close', end)
}

function report(message: StartReport): void {
  process.stdout.write(`${REPORT_MARK}${JSON.stringify(message)}\n`)
}

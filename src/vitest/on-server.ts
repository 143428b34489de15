import type { LiveTargetSpec, TargetSpec } from '../dsl/targets.ts'
import { isStarted } from '../dsl/targets.ts'
import { LlmBenchError } from '../errors.ts'
import type { RunRecord } from '../metrics/record.ts'
import type { ServerExit } from '../servers/server.ts'
import type { ControlClient } from './control-client.ts'
import type { ServerAddress } from './control-protocol.ts'

/** What a run was sent to, and what is to be said of it. */
export interface ServedRun {
  readonly record: RunRecord
  /** The server's own version, where its spec asks for it. */
  readonly version?: string | undefined
  readonly notes: readonly string[]
  /** How the server ended meanwhile; the run's figures are then those of a dying server. */
  readonly lost?: LostServer | undefined
}

/** A server that ended while it was measured. */
interface LostServer {
  /** A sentence without its full stop. */
  readonly how: string
  /** The same with the end of its output. */
  readonly error: LlmBenchError
}

/**
 * Runs a load against a target; one that the run starts is asked for first, and released afterwards. Where that server ends
 * meanwhile, the load ends too.
 * @throws {LlmBenchError} what the load throws; `SERVER` where the server does not start or has ended; `CANCELLED`
 */
export async function onServer(
  target: TargetSpec,
  client: ControlClient,
  signal: AbortSignal,
  run: (target: LiveTargetSpec, signal: AbortSignal) => Promise<RunRecord>,
): Promise<ServedRun> {
  if (!isStarted(target)) return { record: await run(target, signal), notes: [] }
  const server = await client.acquireServer(target, signal)
  const { address } = server
  let record: RunRecord
  try {
    record = await run(address.target, AbortSignal.any([signal, server.lost]))
  } catch (error) {
    const exit = await server.release(!signal.aborted)
    throw exit === undefined ? error : lostServer(address, exit).error
  }
  const exit = await server.release(!signal.aborted && (record.partial || hasFailures(record)))
  return {
    record,
    version: address.version,
    notes: address.notes,
    ...(exit === undefined ? {} : { lost: lostServer(address, exit) }),
  }
}

/** Whether requests of a run failed. */
export function hasFailures(record: RunRecord): boolean {
  return record.kind === 'requests' && record.columns.completed.subarray(0, record.columns.length).includes(0)
}

function lostServer({ name, logFile }: ServerAddress, { code, signal, log }: ServerExit): LostServer {
  const end = signal !== null ? `was ended by ${signal}` : code === null ? 'ended' : `ended with exit code ${code}`
  const how = `${name} ${end} during the run`
  const whole = logFile === undefined ? [] : [`Its whole output is in ${logFile}`]
  const tail = log.length === 0 ? [] : ['the end of its output:', ...log]
  return { how, error: new LlmBenchError('SERVER', [`${how}${tail.length === 0 ? '' : ';'}`, ...tail, ...whole].join('\n  ')) }
}

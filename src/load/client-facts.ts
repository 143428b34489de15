import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { isCompleted } from '../metrics/latencies.ts'
import type { RequestColumns } from '../metrics/columns.ts'
import { concat } from '../metrics/merge-columns.ts'
import { percentile } from '../metrics/percentiles.ts'
import { present } from '../metrics/present.ts'
import type { ClientFacts, DelayFacts, PauseFacts, WorkerFacts } from '../metrics/record.ts'
import { lagAt, stallTotals } from '../metrics/stalls.ts'
import type { Stalls } from '../metrics/stalls.ts'
import type { MeteredClient } from './client-meter.ts'

/** What one worker measured of itself; plain data that adds up over workers. */
export interface ClientPart extends WorkerFacts {
  readonly seconds: number
  readonly gc: PauseFacts
  readonly stalls: PauseFacts
  /** Connections that waited for requests when the load began; absent where none were to be opened ahead. */
  readonly openedAhead?: number
  /** By how much each first token can have been read late at most, in ms. */
  readonly lagMs: Float64Array
}

/**
 * A worker's own part in the client: what it read, against the times in which it stood still.
 * @param readNs when it read first tokens, in ns since the run's origin
 */
export function clientPart(
  { seconds, cpuShare, utilization, gc, stalls, openedAhead }: MeteredClient & { readonly openedAhead?: number | undefined },
  readNs: Float64Array,
): ClientPart {
  return { seconds, utilization, gc, stalls: stallTotals(stalls), lagMs: lags(readNs, stalls), ...present({ cpuShare, openedAhead }) }
}

/** When first tokens (or, where nothing streams, answers) of completed requests were read, in ns since the run's origin. */
export function readTimes(columns: RequestColumns, streamed: boolean): Float64Array {
  const readNs = streamed ? columns.firstTokenNs : columns.lastTokenNs
  return readNs.filter((ns, i) => isCompleted(columns, i) && !Number.isNaN(ns))
}

function lags(readNs: Float64Array, stalls: Stalls): Float64Array {
  return readNs.map((ns) => lagAt(stalls, ns))
}

/** What is known of how requests were sent, by all workers. */
export interface LoadFacts {
  /** Requests that may be in flight at once; absent where there is no limit. */
  readonly maxInFlight?: number | undefined
  /** The most that there were. */
  readonly mostInFlight: number
  /** By how much each request came up later than scheduled, in ns; open loop. */
  readonly latenessNs?: Float64Array | undefined
  /** Files that the process may have open, where known. */
  readonly openFiles?: number | undefined
}

/** Puts together what is known of the client of a run: all its workers. */
export function clientFacts(parts: readonly ClientPart[], load: LoadFacts, columns: RequestColumns): ClientFacts {
  const lateness = load.latenessNs && delays(load.latenessNs.map((ns) => ns / 1e6))
  return {
    seconds: Math.max(...parts.map(({ seconds }) => seconds)),
    cores: availableParallelism(),
    workers: parts.map(({ utilization, cpuShare }) => ({ utilization, ...present({ cpuShare }) })),
    gc: pauses(parts.map(({ gc }) => gc)),
    stalls: pauses(parts.map(({ stalls }) => stalls)),
    concurrency: { ...present({ asked: load.maxInFlight }), achieved: load.mostInFlight },
    connections: columns.connectNs.reduce((count, ns) => (Number.isNaN(ns) ? count : count + 1), 0),
    ...present({
      lag: delays(concat(parts.map(({ lagMs }) => lagMs))),
      lateness,
      rate: lateness && ratesOf(columns),
      openFiles: load.openFiles,
      openedAhead: total(parts.map(({ openedAhead }) => openedAhead)),
    }),
  }
}

function total(counts: readonly (number | undefined)[]): number | undefined {
  return counts.reduce((sum, count) => (count === undefined ? sum : (sum ?? 0) + count), undefined)
}

function pauses(all: readonly PauseFacts[]): PauseFacts {
  return {
    count: all.reduce((sum, { count }) => sum + count, 0),
    longestMs: Math.max(...all.map(({ longestMs }) => longestMs)),
    totalMs: all.reduce((sum, { totalMs }) => sum + totalMs, 0),
  }
}

function delays(values: Float64Array): DelayFacts | undefined {
  if (values.length === 0) return undefined
  values.sort()
  return { p50: percentile(values, 50), p99: percentile(values, 99), max: values.at(-1)! }
}

/** Over the time from the first to the last request, as scheduled and as sent. */
function ratesOf(columns: RequestColumns): ClientFacts['rate'] {
  const [asked, achieved] = [columns.scheduledNs, columns.sentNs].map(rateOver) as [number | undefined, number | undefined]
  return asked === undefined || achieved === undefined ? undefined : { asked, achieved }
}

function rateOver(timesNs: Float64Array): number | undefined {
  let [first, last, count] = [Infinity, -Infinity, 0]
  for (const ns of timesNs) {
    if (Number.isNaN(ns)) continue
    count++
    first = Math.min(first, ns)
    last = Math.max(last, ns)
  }
  return last > first ? ((count - 1) * 1e9) / (last - first) : undefined
}

/** Linux alone tells the limit of a running process; Node raises it to the hard one by itself. */
export async function openFileLimit(): Promise<number | undefined> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const soft = /^Max open files\s+(\d+)/m.exec(limits)
  return soft === null ? undefined : Number(soft[1])
}

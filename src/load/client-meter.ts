import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { performance, PerformanceObserver } from 'node:perf_hooks'
import type { Clock } from '../metrics/clock.ts'
import { isCompleted } from '../metrics/latencies.ts'
import type { RequestColumns } from '../metrics/columns.ts'
import { percentile } from '../metrics/percentiles.ts'
import { present } from '../metrics/present.ts'
import type { ClientFacts, DelayFacts } from '../metrics/record.ts'
import { lagAt, StallLog, stallTotals } from '../metrics/stalls.ts'
import type { Stalls } from '../metrics/stalls.ts'

/** Between two signs of life; what is looked for is several times longer. */
const INTERVAL_MS = 1
/** A timer of one millisecond comes after up to two where the loop is idle. */
const STALL_NS = 2.5e6

/** Measures the thread that sends the load, while it does. */
export class ClientMeter {
  readonly #clock: Clock
  readonly #loadedUntil: (nowNs: number) => number
  readonly #stalls = new StallLog()
  readonly #gc = { count: 0, longestMs: 0, totalMs: 0 }
  readonly #gcObserver: PerformanceObserver
  readonly #startNs: number
  readonly #startLoop = performance.eventLoopUtilization()
  readonly #startCpu = threadCpuMicros()
  readonly #timer: NodeJS.Timeout
  #lastNs: number

  /** @param loadedUntil until when requests were in flight: a client without any may stand still */
  constructor(clock: Clock, loadedUntil: (nowNs: number) => number) {
    this.#clock = clock
    this.#loadedUntil = loadedUntil
    this.#startNs = clock.now()
    this.#lastNs = this.#startNs
    this.#gcObserver = new PerformanceObserver((list) => this.#collected(list.getEntries()))
    this.#gcObserver.observe({ entryTypes: ['gc'] })
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS)
    this.#timer.unref()
  }

  /** Ends the measuring. */
  stop(): MeteredClient {
    const nowNs = this.#clock.now()
    clearInterval(this.#timer)
    this.#collected(this.#gcObserver.takeRecords())
    this.#gcObserver.disconnect()
    const seconds = (nowNs - this.#startNs) / 1e9
    const cpu = threadCpuMicros()
    return {
      seconds,
      cpuShare: cpu === undefined || this.#startCpu === undefined ? undefined : (cpu - this.#startCpu) / 1e6 / seconds,
      utilization: performance.eventLoopUtilization(this.#startLoop).utilization,
      gc: this.#gc,
      stalls: this.#stalls.finish(),
    }
  }

  #tick(): void {
    const nowNs = this.#clock.now()
    if (nowNs - this.#lastNs > STALL_NS && this.#loadedUntil(nowNs) - this.#lastNs > STALL_NS) {
      this.#stalls.add(this.#lastNs + INTERVAL_MS * 1e6, this.#loadedUntil(nowNs))
      // Comes after the sockets have been read once more.
      setImmediate(() => this.#stalls.caughtUp(this.#clock.now()))
    }
    this.#lastNs = nowNs
  }

  #collected(entries: readonly { readonly duration: number }[]): void {
    for (const { duration } of entries) {
      this.#gc.count++
      this.#gc.totalMs += duration
      this.#gc.longestMs = Math.max(this.#gc.longestMs, duration)
    }
  }
}

/** What a meter has seen. */
export interface MeteredClient extends Pick<ClientFacts, 'seconds' | 'utilization' | 'gc'> {
  /** Absent where Node can't tell. */
  readonly cpuShare: number | undefined
  readonly stalls: Stalls
}

/** What is known of how requests were sent. */
export interface LoadFacts {
  /** Requests that may be in flight at once; absent where there is no limit. */
  readonly maxInFlight?: number | undefined
  /** The most that there were. */
  readonly mostInFlight: number
  /** By how much each request came up later than scheduled, in ns; open loop. */
  readonly latenessNs?: Float64Array | undefined
}

/** Puts together what is known of the client of a run. */
export async function clientFacts(
  metered: MeteredClient,
  load: LoadFacts,
  columns: RequestColumns,
  streamed: boolean,
): Promise<ClientFacts> {
  const { stalls, cpuShare, ...facts } = metered
  const lateness = load.latenessNs && delays(load.latenessNs.map((ns) => ns / 1e6))
  return {
    ...facts,
    cores: availableParallelism(),
    stalls: stallTotals(stalls),
    concurrency: { ...present({ asked: load.maxInFlight }), achieved: load.mostInFlight },
    connections: columns.connectNs.reduce((count, ns) => (Number.isNaN(ns) ? count : count + 1), 0),
    ...present({
      cpuShare,
      lag: delays(lags(columns, stalls, streamed)),
      lateness,
      rate: lateness && ratesOf(columns),
      openFiles: await openFileLimit(),
    }),
  }
}

function lags(columns: RequestColumns, stalls: Stalls, streamed: boolean): Float64Array {
  const readNs = streamed ? columns.firstTokenNs : columns.lastTokenNs
  const values = new Float64Array(columns.length)
  let count = 0
  for (let i = 0; i < columns.length; i++) {
    if (isCompleted(columns, i) && !Number.isNaN(readNs[i]!)) values[count++] = lagAt(stalls, readNs[i]!)
  }
  return values.subarray(0, count)
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

function threadCpuMicros(): number | undefined {
  // Node has it from 23.9 on.
  if (typeof process.threadCpuUsage !== 'function') return undefined
  const { user, system } = process.threadCpuUsage()
  return user + system
}

/** Linux alone tells the limit of a running process; Node raises it to the hard one by itself. */
async function openFileLimit(): Promise<number | undefined> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const soft = /^Max open files\s+(\d+)/m.exec(limits)
  return soft === null ? undefined : Number(soft[1])
}

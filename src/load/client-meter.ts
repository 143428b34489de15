import { performance, PerformanceObserver } from 'node:perf_hooks'
import type { Clock } from '../metrics/clock.ts'
import type { ClientFacts } from '../metrics/record.ts'
import { StallLog } from '../metrics/stalls.ts'
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
export interface MeteredClient extends Pick<ClientFacts, 'seconds' | 'gc'> {
  /** Absent where Node can't tell. */
  readonly cpuShare: number | undefined
  readonly utilization: number
  readonly stalls: Stalls
}

function threadCpuMicros(): number | undefined {
  // Node has it from 23.9 on.
  if (typeof process.threadCpuUsage !== 'function') return undefined
  const { user, system } = process.threadCpuUsage()
  return user + system
}

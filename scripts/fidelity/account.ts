import type { Load } from './load.ts'
import type { ServerAccount, Truth } from './server.ts'
import { kolmogorovSmirnov, spreadOf } from './spread.ts'
import type { Spread } from './spread.ts'
import type { Told, ToldRequest } from './told.ts'

/** By how much a client told more than the server knows, in ms, over requests. */
export interface Errors {
  readonly ttft: Spread
  /** Mean gap between tokens, of each request. */
  readonly itl: Spread
  readonly e2e: Spread
}

/** How an open loop kept its schedule. */
export interface OpenLoopAccount {
  /** Sent − scheduled, in ms. */
  readonly lateness: Spread
  /** Requests a second between the first and the last one: as sent over as scheduled, − 1. */
  readonly rateError: number
  /** Gaps between requests against the distribution that was asked for: as scheduled, and as sent. */
  readonly scheduledGaps: GapsAccount
  readonly sentGaps: GapsAccount
}

/** Kolmogorov and Smirnov's test of gaps. */
export interface GapsAccount {
  /** The largest distance, over all gaps, and the likelihood of one as large. */
  readonly distance: number
  readonly p: number
  /** The likelihood over a thousand of them, which tells differences of a few percent. */
  readonly pOfSome: number
}

/** What one run shows; plain data, a line of a results file. */
export interface Account {
  readonly cpuMicrosPerToken: number
  readonly processMicrosPerToken: number
  readonly tokensPerSecond: number
  readonly requests: number
  readonly failed: number
  /** Every request; each client's first one; the others. */
  readonly all?: Errors | undefined
  readonly firstWave?: Errors | undefined
  readonly steady?: Errors | undefined
  /** First tokens: read by the client − written by the server, in ms; absent where the clocks are not one. */
  readonly read?: Spread | undefined
  /** The server's own p99 TTFT, in ms. */
  readonly trueTtftP99?: number | undefined
  readonly openLoop?: OpenLoopAccount | undefined
  readonly sendDelayMs?: Spread | undefined
  readonly client?: Told['client']
}

/** Compares what a client told with what the server knows. */
export function accountOf(told: Told, { truth, sendDelayMs }: ServerAccount, load: Load): Account {
  const tokens = told.requests.reduce((sum, request) => sum + request[6], 0)
  const known = told.requests.flatMap((request) => compare(request, truth, BigInt(told.originNs)))
  const firsts = firstOfEach(told.requests)
  return {
    cpuMicrosPerToken: told.threadCpuMicros / tokens,
    processMicrosPerToken: told.processCpuMicros / tokens,
    tokensPerSecond: tokens / told.wallSeconds,
    requests: told.requests.length,
    failed: told.requests.length - known.length,
    all: errorsOf(known),
    firstWave: errorsOf(known.filter(({ id }) => firsts.has(id))),
    steady: errorsOf(known.filter(({ id }) => !firsts.has(id))),
    read: spreadOf(known.map(({ readMs }) => readMs)),
    trueTtftP99: spreadOf(known.map(({ trueTtftMs }) => trueTtftMs))?.p99,
    openLoop: load.arrivals.kind === 'rate' ? openLoopOf(told.requests, load.arrivals.rate) : undefined,
    sendDelayMs,
    client: told.client,
  }
}

interface Compared {
  readonly id: number
  readonly trueTtftMs: number
  readonly readMs: number
  readonly ttftMs: number
  readonly itlMs: number
  readonly e2eMs: number
}

/** Nothing where the request has not completed, or the server does not know it. */
function compare([id, , , sentNs, firstNs, lastNs, tokens]: ToldRequest, truth: ReadonlyMap<number, Truth>, originNs: bigint): Compared[] {
  const real = truth.get(id)
  if (real === undefined || firstNs === null || lastNs === null || Number.isNaN(firstNs) || tokens !== real.tokens) return []
  const trueTtftMs = Number(real.firstNs - real.receivedNs) / 1e6
  const trueE2eMs = Number(real.lastNs - real.receivedNs) / 1e6
  const gaps = Math.max(1, tokens - 1)
  return [
    {
      id,
      trueTtftMs,
      readMs: firstNs / 1e6 - Number(real.firstNs - originNs) / 1e6,
      ttftMs: (firstNs - sentNs) / 1e6 - trueTtftMs,
      itlMs: ((lastNs - firstNs) / 1e6 - (trueE2eMs - trueTtftMs)) / gaps,
      e2eMs: (lastNs - sentNs) / 1e6 - trueE2eMs,
    },
  ]
}

/** The requests that were their clients' first: these find nothing warm. */
function firstOfEach(requests: readonly ToldRequest[]): Set<number> {
  const firsts = new Map<number, ToldRequest>()
  for (const request of requests) {
    const earlier = firsts.get(request[1])
    if (earlier === undefined || request[3] < earlier[3]) firsts.set(request[1], request)
  }
  return new Set(Array.from(firsts.values(), ([id]) => id))
}

function errorsOf(requests: readonly Compared[]): Errors | undefined {
  const ttft = spreadOf(requests.map(({ ttftMs }) => ttftMs))
  const itl = spreadOf(requests.map(({ itlMs }) => itlMs))
  const e2e = spreadOf(requests.map(({ e2eMs }) => e2eMs))
  return ttft && itl && e2e && { ttft, itl, e2e }
}

function openLoopOf(requests: readonly ToldRequest[], rate: number): OpenLoopAccount {
  const scheduled = requests.map(([, , ns]) => ns!).toSorted((a, b) => a - b)
  const sent = requests.map(([, , , ns]) => ns).toSorted((a, b) => a - b)
  const exponential = (seconds: number): number => 1 - Math.exp(-rate * seconds)
  return {
    lateness: spreadOf(requests.map(([, , scheduledNs, sentNs]) => (sentNs - scheduledNs!) / 1e6))!,
    rateError: spanOf(scheduled) / spanOf(sent) - 1,
    scheduledGaps: testGaps(scheduled, exponential),
    sentGaps: testGaps(sent, exponential),
  }
}

function spanOf(times: readonly number[]): number {
  return times.at(-1)! - times[0]!
}

const SOME_GAPS = 1000

function testGaps(timesNs: readonly number[], cdf: (seconds: number) => number): GapsAccount {
  const gaps = timesNs.slice(1).map((ns, i) => (ns - timesNs[i]!) / 1e9)
  const step = Math.max(1, Math.floor(gaps.length / SOME_GAPS))
  const some = gaps.filter((_, i) => i % step === 0).slice(0, SOME_GAPS)
  return { ...kolmogorovSmirnov(gaps, cdf), pOfSome: kolmogorovSmirnov(some, cdf).p }
}

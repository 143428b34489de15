import { describe, expect, test } from 'vitest'
import { DEFAULT_VALIDITY, validityLimits } from '../../../src/dsl/validity.ts'
import type { ClientFacts, TokenSources } from '../../../src/metrics/record.ts'
import type { Distribution } from '../../../src/metrics/summary-types.ts'
import { judgeClient, scheduleNotes } from '../../../src/metrics/validity.ts'

const calm: ClientFacts = {
  seconds: 10,
  cores: 2,
  workers: [{ cpuShare: 0.2, utilization: 0.25 }],
  lag: { p50: 0, p99: 1, max: 4 },
  stalls: { count: 3, longestMs: 6, totalMs: 12 },
  gc: { count: 4, longestMs: 2, totalMs: 5 },
  concurrency: { asked: 50, achieved: 50 },
  connections: 50,
  openFiles: 1024,
}
const sample = (p99: number, p50 = p99 / 10): Distribution => ({ p50, p99 }) as Distribution
const figures = {
  e2e: sample(1000),
  errors: [],
  failed: 0,
  outputTokens: 1000,
  tokens: { output: 'server', input: 'server' } as TokenSources,
}
const judge = (facts: Partial<ClientFacts> = {}, ttft = 100, limits = DEFAULT_VALIDITY, errors: string[] = []) =>
  judgeClient(
    { ...calm, ...facts },
    { ...figures, ttft: sample(ttft), errors: errors.map((example) => ({ kind: 'connect', count: 1, example })) },
    limits,
  )

const lag = (p99: number) => ({ lag: { p50: 0, p99, max: p99 } })
const late = (ms: number, rate = 100) =>
  judgeClient(
    { ...calm, lateness: { p50: 0, p99: ms, max: ms }, rate: { asked: rate, achieved: rate } },
    { ...figures, e2e: sample(900, 300) },
    DEFAULT_VALIDITY,
  ).validity
const paused = (longestMs: number) => judge({ stalls: { count: 1, longestMs, totalMs: longestMs } })
const rate = (achieved: number, asked?: number) => ({
  rate: { asked: 100, achieved },
  concurrency: asked === undefined ? { achieved: 9 } : { asked, achieved: asked },
})

test('a client that kept up gives a valid run, however busy it was', () => {
  expect(judge({ workers: [{ cpuShare: 0.97, utilization: 0.99 }] })).toEqual({ validity: 'valid', reasons: [] })
})

describe('time that first tokens lay unread', () => {
  test('degrades a run from 5 ms on, and makes it client-bound from ten times that on', () => {
    expect(judge(lag(5)).validity).toBe('valid')
    expect(judge(lag(5.1))).toEqual({
      validity: 'degraded',
      reasons: ['first tokens can have lain unread in the client for up to 5.1 ms at p99, of a p99 TTFT of 100 ms (limit 5 ms)'],
    })
    expect(judge(lag(50)).validity).toBe('degraded')
    expect(judge(lag(51)).validity).toBe('client-bound')
  })

  test('may be 5 % of a long TTFT, in which it does not count itself', () => {
    expect(judge(lag(50), 1050).validity).toBe('valid')
    expect(judge(lag(50), 1000).validity).toBe('degraded')
    expect(judge(lag(510), 1500).validity).toBe('client-bound')
  })

  test('is of the whole answer where nothing streams', () => {
    const { validity, reasons } = judgeClient({ ...calm, ...lag(60) }, figures, DEFAULT_VALIDITY)
    expect(validity).toBe('degraded')
    expect(reasons[0]).toContain('answers can have lain unread')
  })
})

test('a client that was paused is never valid', () => {
  expect(paused(260)).toEqual({
    validity: 'degraded',
    reasons: ['the client stood still for 260 ms while requests were in flight (limit 250 ms)'],
  })
  expect(paused(2600).validity).toBe('client-bound')
})

describe('open loop', () => {
  test('requests that come up late', () => {
    expect(judge({ lateness: { p50: 0, p99: 4, max: 9 } }).validity).toBe('valid')
    expect(judge({ lateness: { p50: 0, p99: 12, max: 30 } }).reasons).toEqual([
      'requests came up for sending 12 ms later than scheduled at p99 (limit 5 ms)',
    ])
  })

  test('requests may come up late by 5 % of the time that they stay, or of the time between two of them', () => {
    expect(late(15)).toBe('valid')
    expect(late(16)).toBe('degraded')
    expect(late(50, 1)).toBe('valid')
    expect(late(51, 1)).toBe('degraded')
  })

  test('a rate that was not reached, unless the workload held requests back', () => {
    expect(judge(rate(98.5)).validity).toBe('valid')
    expect(judge(rate(95))).toEqual({
      validity: 'degraded',
      reasons: ['requests were sent at 95 a second instead of 100 (limit 2 % less)'],
    })
    expect(judge(rate(70)).validity).toBe('client-bound')
    expect(judge(rate(70, 8)).validity).toBe('valid')
  })
})

describe('what the system allows', () => {
  test('more connections than files, where they were not reached', () => {
    expect(judge({ concurrency: { asked: 2000, achieved: 1000 } }).reasons).toEqual([
      '2000 connections are asked for, and this process may have 1024 files open: raise the limit (ulimit -n)',
    ])
    expect(judge({ concurrency: { asked: 2000, achieved: 1000 }, openFiles: 4096 }).validity).toBe('valid')
    expect(judge({ concurrency: { asked: 1000, achieved: 20 }, openFiles: 4096 }).validity).toBe('valid')
  })

  test.for([
    ['connect EMFILE 127.0.0.1:8000', 'open files'],
    ['connect EADDRNOTAVAIL 127.0.0.1:8000', 'local ports'],
  ])('%s', ([example, what]) => {
    expect(judge({}, 100, DEFAULT_VALIDITY, [example!])).toEqual({
      validity: 'client-bound',
      reasons: [`the client ran out of ${what}: ${example}`],
    })
  })
})

test('limits can be set, the first given first', () => {
  const limits = validityLimits({ lag: 20 }, { lag: 10, boundFactor: 2, pause: undefined })
  expect(limits).toEqual({ ...DEFAULT_VALIDITY, lag: 20, boundFactor: 2 })
  expect(judge({ lag: { p50: 0, p99: 15, max: 15 } }, 100, limits).validity).toBe('valid')
  expect(judge({ lag: { p50: 0, p99: 41, max: 41 } }, 100, limits).validity).toBe('client-bound')
})

test('a reader is told where the schedule was not kept', () => {
  const notes = (ttft: number, scheduled: number) =>
    scheduleNotes({ ttft: sample(ttft), e2e: sample(900), fromSchedule: { ttft: sample(scheduled), e2e: sample(900) } })
  expect(notes(100, 105)).toEqual([])
  expect(notes(100, 140)).toEqual([
    'The client or its concurrency limit delayed requests: p99 TTFT is 100 ms from the send and 140 ms from the schedule.',
  ])
  expect(scheduleNotes({ e2e: sample(900), fromSchedule: { e2e: sample(1000) } })[0]).toContain('p99 E2E is 900 ms')
  expect(scheduleNotes({ ttft: sample(100) })).toEqual([])
})

const counted = (output: number, facts: { failed?: number; limit?: number } = {}) =>
  judgeClient(
    calm,
    { ...figures, failed: facts.failed ?? 0, tokens: { ...figures.tokens, serverCounted: { input: 5, output } } },
    validityLimits({ tokens: facts.limit }),
  )

describe("the server's own count of output tokens", () => {
  test('degrades a run, and never more, where it is more than 2 % of the larger count away', () => {
    expect(counted(1020).validity).toBe('valid')
    expect(counted(980).validity).toBe('valid')
    expect(counted(1021)).toEqual({
      validity: 'degraded',
      reasons: [
        'the server counted 1,021 output tokens during the load, where the answers had 1,000 (limit 2 % apart): ' +
          'somebody else uses it, or tokens were lost or counted wrongly here',
      ],
    })
    expect(counted(500).reasons[0]).toContain('it tells of a part of the servers alone, or tokens were counted wrongly')
    expect(counted(1e9).validity).toBe('degraded')
  })

  test('is held against no run in which a request failed, nor where any difference is allowed', () => {
    expect(counted(500, { failed: 1 }).validity).toBe('valid')
    expect(counted(1e9, { limit: 1 }).validity).toBe('valid')
  })
})

import { describe, expect, test } from 'vitest'
import type { RequestRecord } from '../../../src/metrics/record.ts'
import { summarize } from '../../../src/metrics/summarize.ts'
import type { RequestMetrics } from '../../../src/metrics/summary-types.ts'
import { recordOf, type Sketch } from './records.ts'

function summaryOf(sketches: readonly Sketch[], facts: Partial<RequestRecord> = {}): RequestMetrics {
  return summarize(recordOf(sketches, facts)) as RequestMetrics
}

const DISTRIBUTIONS = ['ttft', 'ttfo', 'tpot', 'itl', 'e2e', 'perUserTokensPerSecond', 'inputLength', 'outputLength'] as const

describe('a run of two requests', () => {
  const metrics = summaryOf([
    { sent: 0, first: 100, answer: 120, gapsMs: [20, 20, 20], promptTokens: 10 },
    { sent: 1000, scheduled: 990, first: 1300, gapsMs: [50], promptTokens: 30, finishReason: 'length' },
  ])

  test('has its latencies in ms', () => {
    expect(metrics.ttft).toMatchObject({ count: 2, min: 100, max: 300, mean: 200, std: 100 })
    expect(metrics.ttfo).toMatchObject({ min: 120, max: 300 })
    expect(metrics.e2e).toMatchObject({ min: 160, max: 350 })
    // 60 ms over 3 further tokens, and 50 ms over 1.
    expect(metrics.tpot).toMatchObject({ count: 2, min: 20, max: 50 })
    expect(metrics.perUserTokensPerSecond).toMatchObject({ min: 20, max: 50 })
  })

  test('pools the gaps of all requests and says how many requests they come from', () => {
    expect(metrics.itl).toMatchObject({ count: 4, requests: 2, min: 20, max: 50, mean: 27.5, median: 20 })
  })

  test('counts rates over the wall time', () => {
    expect(metrics).toMatchObject({ wallSeconds: 10, inputTokens: 40, outputTokens: 6, completed: 2, failed: 0, successRate: 1 })
    expect(metrics).toMatchObject({ requestsPerSecond: 0.2, outputTokensPerSecond: 0.6, totalTokensPerSecond: 4.6 })
  })

  test('has the lengths, the finish reasons and the schedule delay', () => {
    expect(metrics.inputLength).toMatchObject({ min: 10, max: 30, mean: 20 })
    expect(metrics.outputLength).toMatchObject({ min: 2, max: 4 })
    expect(metrics.finishReasons).toEqual({ stop: 1, length: 1 })
    expect(metrics.scheduleDelay).toMatchObject({ count: 2, min: 0, max: 10 })
  })

  test('survives JSON unchanged', () => {
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics)
  })
})

function gapsOf({ gapsMs = [] }: Sketch): number[] {
  return Array.from(gapsMs)
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0)
}

function near(value: number): unknown {
  return expect.closeTo(value, 6)
}

/** A distribution in the plainest way. */
function naive(values: readonly number[]): Record<string, unknown> {
  const sorted = values.toSorted((a, b) => a - b)
  const mean = total(values) / values.length
  const [median, p75, p90, p99, p999] = [0.5, 0.75, 0.9, 0.99, 0.999].map((p) => {
    const h = (sorted.length - 1) * p
    return near(sorted[Math.floor(h)]! * (1 - (h % 1)) + sorted[Math.ceil(h)]! * (h % 1))
  })
  const std = near(Math.sqrt(total(values.map((value) => (value - mean) ** 2)) / values.length))
  const ends = { min: near(sorted[0]!), max: near(sorted.at(-1)!) }
  return { count: values.length, ...ends, mean: near(mean), std, median, p75, p90, p99, 'p99.9': p999 }
}

test('agrees with a naive computation over objects on a mixed run', () => {
  let seed = 1
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  const sketches = Array.from({ length: 500 }, (): Sketch => {
    const sent = Math.floor(random() * 9000)
    const gapsMs = Array.from({ length: Math.floor(random() * 12) }, () => Math.floor(random() * 64))
    const completed = random() > 0.2
    return { sent, first: sent + 1 + Math.floor(random() * 300), gapsMs, completed, promptTokens: Math.floor(random() * 100) }
  })
  const metrics = summaryOf(sketches)

  const done = sketches.filter(({ completed }) => completed)
  expect(metrics.ttft).toMatchObject(naive(done.map(({ sent, first }) => first! - sent!)))
  expect(metrics.e2e).toMatchObject(naive(done.map((sketch) => sketch.first! - sketch.sent! + total(gapsOf(sketch)))))
  // Answers whose gaps are all zero came in one read.
  const several = done.filter((sketch) => total(gapsOf(sketch)) > 0)
  expect(metrics.tpot).toMatchObject(naive(several.map((sketch) => total(gapsOf(sketch)) / gapsOf(sketch).length)))
  expect(metrics.itl).toMatchObject({ ...naive(several.flatMap(gapsOf)), requests: several.length })
  expect(metrics.successRate).toBe(done.length / 500)
  expect(metrics.outputTokensPerSecond).toBeCloseTo(total(done.map((sketch) => gapsOf(sketch).length + 1)) / 10, 9)
  expect(metrics.totalTokensPerSecond).toBeCloseTo(total(done.map((sketch) => gapsOf(sketch).length + 1 + sketch.promptTokens!)) / 10, 9)
})

describe('failed requests', () => {
  const ok: Sketch = { sent: 0, first: 100, gapsMs: [10] }

  test('enter the success rate and nothing else', () => {
    const failed: Sketch = { sent: 0, first: 5000, gapsMs: [999], completed: false, errorKind: 'truncated', outputTokens: 700 }
    const [alone, together] = [summaryOf([ok]), summaryOf([ok, failed])]
    expect(together).toMatchObject({ requests: 2, completed: 1, failed: 1, successRate: 0.5 })
    for (const name of DISTRIBUTIONS) expect(together[name]).toEqual(alone[name])
    expect(together.outputTokens).toBe(2)
    expect(together.outputTokensPerSecond).toBe(alone.outputTokensPerSecond)
    expect(together.finishReasons).toEqual({ stop: 1 })
  })

  test('leave every statistic absent where none completed, never zero', () => {
    const errors = [{ kind: 'connect' as const, count: 2, example: 'ECONNREFUSED' }]
    const metrics = summaryOf([{ completed: false, first: 5 }, { completed: false }], { errors })
    expect(metrics).toMatchObject({ requests: 2, completed: 0, failed: 2, successRate: 0, errors })
    const absent = [...DISTRIBUTIONS, 'requestsPerSecond', 'outputTokensPerSecond', 'totalTokensPerSecond', 'inputTokens', 'itlBetween']
    for (const name of absent) expect(metrics).not.toHaveProperty(name)
  })

  test('count in the schedule delay, which tells of the load generator', () => {
    expect(summaryOf([{ ...ok, connect: 3 }, ok, { connect: 7, completed: false }]).connect).toMatchObject({ count: 2, min: 3, max: 7 })
    expect(summaryOf([ok])).not.toHaveProperty('connect')
    expect(summaryOf([ok, { scheduled: 0, sent: 40, completed: false }]).scheduleDelay).toMatchObject({ count: 2, max: 40 })
  })
})

test('a run without a request has no figures', () => {
  const metrics = summaryOf([])
  expect(metrics).toMatchObject({ requests: 0, completed: 0, failed: 0 })
  for (const name of [...DISTRIBUTIONS, 'scheduleDelay', 'requestsPerSecond']) expect(metrics).not.toHaveProperty(name)
})

describe('tokens', () => {
  test('one-token answers have no TPOT and no gap', () => {
    const metrics = summaryOf([{ first: 100 }])
    expect(metrics.ttft?.count).toBe(1)
    expect(metrics.e2e?.mean).toBe(100)
    for (const name of ['tpot', 'itl', 'itlBetween', 'perUserTokensPerSecond']) expect(metrics).not.toHaveProperty(name)
  })

  test('unknown output counts make token rates absent, not smaller', () => {
    const metrics = summaryOf([{ first: 100 }, { first: 100, outputTokens: -1 }])
    for (const name of ['outputTokens', 'outputTokensPerSecond', 'totalTokensPerSecond']) expect(metrics).not.toHaveProperty(name)
    expect(metrics.requestsPerSecond).toBe(0.2)
    expect(metrics.outputLength?.count).toBe(1)
  })

  test('unknown prompt counts leave output tokens/s, and make total tokens/s absent', () => {
    const metrics = summaryOf([{ first: 100, promptTokens: -1 }])
    expect(metrics.outputTokensPerSecond).toBe(0.1)
    expect(metrics).not.toHaveProperty('inputTokens')
    expect(metrics).not.toHaveProperty('totalTokensPerSecond')
    expect(metrics).not.toHaveProperty('inputLength')
  })

  test('answers that share a request share its prompt: its length is counted once, not as prompts of no tokens', () => {
    const metrics = summaryOf([30, 0, 0, 10, 0, 0].map((promptTokens) => ({ first: 5, promptTokens })))
    expect(metrics.inputLength).toMatchObject({ count: 2, min: 10, max: 30, mean: 20 })
    expect(metrics.inputTokens).toBe(40)
  })

  test('ITL is between tokens only where every answer had a chunk for each of its tokens', () => {
    expect(summaryOf([{ first: 1, gapsMs: [5, 5] }]).itlBetween).toBe('tokens')
    expect(summaryOf([{ first: 1, gapsMs: [5, 5], outputTokens: 9 }]).itlBetween).toBe('chunks')
    const cancelling: Sketch[] = [
      { first: 1, gapsMs: [5, 5], outputTokens: 4 },
      { first: 1, gapsMs: [5, 5], outputTokens: 2 },
    ]
    expect(summaryOf(cancelling).itlBetween).toBe('chunks')
  })

  test('an answer that came in one read has no TPOT and no gaps, rather than ones of zero, and is counted', () => {
    const inOneRead: Sketch = { sent: 0, first: 100, gapsMs: [0, 0, 0] }
    const alone = summaryOf([inOneRead])
    expect(alone).toMatchObject({ answersInOneRead: 1, ttft: { mean: 100 }, e2e: { mean: 100 } })
    for (const name of ['tpot', 'itl', 'perUserTokensPerSecond']) expect(alone).not.toHaveProperty(name)
    // A chunk of several tokens is such an answer too; one of which some tokens came later is none.
    const others = summaryOf([inOneRead, { sent: 0, first: 100, outputTokens: 8 }, { sent: 0, first: 100, gapsMs: [0, 30] }])
    expect(others).toMatchObject({ answersInOneRead: 2, tpot: { count: 1, mean: 15 }, itl: { count: 2, requests: 1 } })
  })

  test('answers that end in their reasoning have no time to first answer token', () => {
    expect(summaryOf([{ first: 100, answer: Number.NaN }])).not.toHaveProperty('ttfo')
  })
})

test('answers that are not streamed have E2E latency alone', () => {
  const metrics = summaryOf([{ sent: 0, first: 200, outputTokens: 5 }], { streamed: false })
  expect(metrics.e2e?.mean).toBe(200)
  expect(metrics.outputTokensPerSecond).toBe(0.5)
  for (const name of ['ttft', 'ttfo', 'tpot', 'itl', 'itlBetween', 'perUserTokensPerSecond']) expect(metrics).not.toHaveProperty(name)
})

describe('latencies from the schedule', () => {
  const late: Sketch = { scheduled: 0, sent: 400, first: 500, gapsMs: [100] }

  test("include the wait in the client's own queue under open-loop load", () => {
    const metrics = summaryOf([late], { openLoop: true })
    expect(metrics.ttft?.mean).toBe(100)
    expect(metrics.fromSchedule?.ttft?.mean).toBe(500)
    expect(metrics.fromSchedule?.e2e?.mean).toBe(600)
  })

  test('exist for open-loop load alone', () => {
    expect(summaryOf([late])).not.toHaveProperty('fromSchedule')
    expect(summaryOf([{ ...late, completed: false }], { openLoop: true })).not.toHaveProperty('fromSchedule')
    expect(summaryOf([late], { openLoop: true, streamed: false }).fromSchedule).not.toHaveProperty('ttft')
  })
})

test('rates are absent where no time passed', () => {
  expect(summaryOf([{ first: 100 }], { endNs: 0 })).not.toHaveProperty('requestsPerSecond')
})

test('finish reasons may have any name, and completed answers without one are said to be so', () => {
  const { finishReasons } = summaryOf([
    { first: 1, finishReason: '__proto__' },
    { first: 1, finishReason: '' },
  ])
  expect(Object.entries(finishReasons)).toEqual([
    ['__proto__', 1],
    ['unknown', 1],
  ])
})

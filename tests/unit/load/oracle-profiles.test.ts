// Two contrasting servers whose times are known: what the harness reports is held against their plan and against their log.
import { expect, test } from 'vitest'
import { prompts } from '../../../src/dsl/datasets.ts'
import { simulator } from '../../../src/dsl/simulator.ts'
import { openai } from '../../../src/dsl/targets.ts'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { clients } from '../../../src/dsl/workloads.ts'
import { runInWorker } from '../../../src/load/run-in-worker.ts'
import type { RequestRecord } from '../../../src/metrics/record.ts'
import { summarize } from '../../../src/metrics/summarize.ts'
import type { RequestMetrics } from '../../../src/metrics/summary-types.ts'
import { startSimulator } from '../../../src/servers/simulator/start.ts'

const REQUESTS = 24
const TOKENS = 12
/** Two processes' readings of one clock agree to this. */
const CLOCK_MS = 0.02
/** How much later than the server the median request may be told, besides what the client says itself that it read late. */
const SLACK_MS = 25

test.for([
  { ttft: 50, itl: 10 },
  { ttft: 200, itl: 2 },
])('TTFT, ITL, E2E and counts are the server’s own: %o', async ({ ttft, itl }) => {
  const server = await startSimulator(simulator({ ttft, itl }), { root: process.cwd() })
  try {
    const dataset = prompts(Array.from({ length: REQUESTS }, (_, i) => `#id=${i}# say something`))
    const record = await runInWorker(
      {
        workload: clients({ n: 4, rampUp: 0.1, requests: REQUESTS, order: 'shared', maxTokens: TOKENS, dataset })[WORKLOAD].spec,
        target: openai({ baseURL: server.baseURL }),
        root: process.cwd(),
        folder: process.cwd(),
        bench: 'oracle',
        workloadDigest: 'digest',
      },
      { onProgress: () => {}, signal: new AbortController().signal },
    )
    const { columns, originNs, errors } = record as RequestRecord
    const truths = await truthOf(server.baseURL, originNs)
    expect(errors).toEqual([])
    expect([columns.length, truths.size]).toEqual([REQUESTS, REQUESTS])

    const metrics = summarize(record) as RequestMetrics
    const slackMs = SLACK_MS + metrics.client!.lag!.p99
    const late: number[] = []
    const stretched: number[] = []
    const told: number[] = []
    for (let i = 0; i < REQUESTS; i++) {
      const truth = truths.get(columns.promptIndex[i]!)!
      const [sent, first, last] = [columns.sentNs, columns.firstTokenNs, columns.lastTokenNs].map((column) => column[i]! / 1e6) as Times
      const gaps = columns.gapsMs.subarray(columns.gapOffsets[i], columns.gapOffsets[i + 1])
      expect(columns.outputTokens[i]).toBe(truth.tokens)
      expect(truth.tokens).toBe(TOKENS)
      expect(gaps).toHaveLength(TOKENS - 1)
      // No request is told faster than it was, and none was faster than planned.
      expect(truth.first - truth.received).toBeGreaterThanOrEqual(ttft - CLOCK_MS)
      expect(truth.last - truth.received).toBeGreaterThanOrEqual(ttft + (TOKENS - 1) * itl - CLOCK_MS)
      expect(first - sent).toBeGreaterThanOrEqual(truth.first - truth.received)
      expect(last - sent).toBeGreaterThanOrEqual(truth.last - truth.received)
      expect(first - truth.first).toBeGreaterThan(-CLOCK_MS)
      expect(last - truth.last).toBeGreaterThan(-CLOCK_MS)
      expect(gaps.reduce((sum, gap) => sum + gap, 0)).toBeCloseTo(last - first, 1)
      late.push(first - sent - (truth.first - truth.received), last - sent - (truth.last - truth.received))
      stretched.push(Math.abs(last - first - (truth.last - truth.first)))
      told.push(last - first)
    }
    expect(median(late)).toBeLessThan(slackMs)
    expect(median(stretched)).toBeLessThan(slackMs)

    expect(metrics).toMatchObject({ completed: REQUESTS, outputTokens: REQUESTS * TOKENS, successRate: 1 })
    expect(metrics.tokens.serverCounted?.output).toBe(REQUESTS * TOKENS)
    // Against the log, not the plan: a busy machine delays the server too.
    const log = [...truths.values()]
    const ttftOfLog = median(log.map((truth) => truth.first - truth.received))
    const e2eOfLog = median(log.map((truth) => truth.last - truth.received))
    expect(metrics.ttft!.median - ttftOfLog).toBeLessThan(slackMs)
    expect(metrics.e2e!.median - e2eOfLog).toBeLessThan(slackMs)
    // An answer that came in one read, which a busy machine does to it, has no gaps that are known.
    const spread = told.filter((ms) => ms > 0)
    expect(spread.length).toBeGreaterThan(REQUESTS / 2)
    const gap = spread.reduce((sum, ms) => sum + ms, 0) / spread.length / (TOKENS - 1)
    expect(metrics.itl!.mean).toBeCloseTo(gap, 3)
    expect(metrics.tpot!.mean).toBeCloseTo(gap, 3)
    expect(metrics.ttft!.min).toBeGreaterThanOrEqual(ttft - CLOCK_MS)
    expect(metrics.e2e!.min).toBeGreaterThanOrEqual(ttft + (TOKENS - 1) * itl - CLOCK_MS)
  } finally {
    await server.close()
  }
})

type Times = [start: number, first: number, last: number]

interface Truth {
  readonly received: number
  readonly first: number
  readonly last: number
  readonly tokens: number
}

/** The server's log by request, in ms from the run's origin. */
async function truthOf(baseURL: string, originNs: bigint): Promise<Map<number, Truth>> {
  const text = await (await fetch(baseURL.replace(/v1$/, 'simulator/truth'))).text()
  return new Map(
    text
      .trimEnd()
      .split('\n')
      .map((line) => {
        const [id, ...rest] = line.split(' ')
        const [received, first, last] = rest.map((ns) => Number(BigInt(ns) - originNs) / 1e6) as Times
        return [Number(id), { received, first, last, tokens: Number(rest.at(-1)) }]
      }),
  )
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

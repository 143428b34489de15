// What the load generator measures, held against a server that knows what it did.
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { prompts } from '../../../src/dsl/datasets.ts'
import { openai } from '../../../src/dsl/targets.ts'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import type { Workload } from '../../../src/dsl/workload.ts'
import { clients, requestRate } from '../../../src/dsl/workloads.ts'
import { runInWorker } from '../../../src/load/run-in-worker.ts'
import type { RequestRecord } from '../../../src/metrics/record.ts'
import { summarize } from '../../../src/metrics/summarize.ts'
import type { RequestMetrics } from '../../../src/metrics/summary-types.ts'
import type { Truth } from './truth-server.ts'

const TTFT_MS = 40
const ITL_MS = 5
const TOKENS = 10
const REQUESTS = 120
/** Two threads' readings of one clock agree to this. */
const CLOCK_NS = 20_000

let server: ChildProcess
let url: string

beforeAll(async () => {
  server = fork(fileURLToPath(new URL('truth-server.ts', import.meta.url)), [String(TTFT_MS), String(ITL_MS)], { execArgv: [] })
  const [port] = (await once(server, 'message')) as [number]
  url = `http://127.0.0.1:${port}`
})

afterAll(async () => {
  server.kill()
  await once(server, 'exit')
})

const promptsOf = (workload: string) => Array.from({ length: REQUESTS }, (_, i) => `${workload} ${i}`)

// One queue over as many rows as requests: every prompt is sent once, and names its request in the server's log.
const workloads: [string, (dataset: ReturnType<typeof prompts>) => Workload][] = [
  ['clients', (dataset) => clients({ n: 8, rampUp: 0.2, requests: REQUESTS, order: 'shared', maxTokens: TOKENS, dataset })],
  ['requestRate', (dataset) => requestRate({ rate: 80, requests: REQUESTS, maxTokens: TOKENS, dataset })],
]

test.for(workloads)('%s: no request is told faster than it was, and hardly slower', async ([name, workloadOn]) => {
  const texts = promptsOf(name)
  const record = await runInWorker(
    {
      workload: workloadOn(prompts(texts))[WORKLOAD].spec,
      target: openai({ baseURL: url }),
      root: process.cwd(),
      folder: process.cwd(),
      bench: name,
      workloadDigest: 'digest',
    },
    { onProgress: () => {}, signal: new AbortController().signal },
  )
  const { columns, originNs, errors } = record as RequestRecord
  const log = (await (await fetch(`${url}/log`)).json()) as Truth[]
  const truths = new Map(log.filter(({ prompt }) => prompt.startsWith(name)).map((truth) => [truth.prompt, truth]))

  expect(errors).toEqual([])
  expect(columns.length).toBe(REQUESTS)
  expect(truths.size).toBe(REQUESTS)
  expect(new Set(columns.promptIndex).size).toBe(REQUESTS)
  const late: { ttft: number; e2e: number }[] = []
  for (let i = 0; i < REQUESTS; i++) {
    const truth = truths.get(texts[columns.promptIndex[i]!]!)!
    const [receivedNs, firstNs, lastNs] = [truth.receivedNs, truth.firstNs, truth.lastNs].map((ns) => Number(BigInt(ns) - originNs)) as [
      number,
      number,
      number,
    ]
    const [sent, first, last] = [columns.sentNs[i]!, columns.firstTokenNs[i]!, columns.lastTokenNs[i]!]
    expect(columns.outputTokens[i]).toBe(truth.tokens)
    expect(sent - receivedNs).toBeLessThan(CLOCK_NS)
    expect(first - firstNs).toBeGreaterThan(-CLOCK_NS)
    expect(last - lastNs).toBeGreaterThan(-CLOCK_NS)
    expect(first - sent).toBeGreaterThanOrEqual(firstNs - receivedNs)
    expect(last - sent).toBeGreaterThanOrEqual(lastNs - receivedNs)
    late.push({ ttft: (first - sent - (firstNs - receivedNs)) / 1e6, e2e: (last - sent - (lastNs - receivedNs)) / 1e6 })
  }
  // Where the machine was busy, the client says by how much it read late.
  const slackMs = 20 + (summarize(record) as RequestMetrics).client!.lag!.p99
  expect(medianOf(late.map(({ ttft }) => ttft))).toBeLessThan(slackMs)
  expect(medianOf(late.map(({ e2e }) => e2e))).toBeLessThan(slackMs)
})

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

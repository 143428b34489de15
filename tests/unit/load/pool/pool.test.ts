// Whole runs by several workers, held against the same run by one.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { prompts } from '../../../../src/dsl/datasets.ts'
import { simulator } from '../../../../src/dsl/simulator.ts'
import { openai } from '../../../../src/dsl/targets.ts'
import type { ServedWorkloadSpec } from '../../../../src/dsl/workload-spec.ts'
import { WORKLOAD } from '../../../../src/dsl/workload.ts'
import type { Workload } from '../../../../src/dsl/workload.ts'
import { clients, requestRate, rollout } from '../../../../src/dsl/workloads.ts'
import type { RunPlan } from '../../../../src/load/plan.ts'
import { Peers } from '../../../../src/load/pool/peers.ts'
import { sharedCells } from '../../../../src/load/pool/shared-load.ts'
import { runInWorker } from '../../../../src/load/run-in-worker.ts'
import type { RequestColumns } from '../../../../src/metrics/columns.ts'
import type { Progress } from '../../../../src/metrics/progress.ts'
import type { RequestRecord } from '../../../../src/metrics/record.ts'
import { startSimulator } from '../../../../src/servers/simulator/start.ts'
import { loadProcesses, threadsOf } from '../load-processes.ts'
import { TokenServer } from '../token-server.ts'
import { PATIENCE_MS } from '../../../patience.ts'

let server: TokenServer
let folder: string

beforeEach(async () => {
  server = new TokenServer()
  await server.listen()
  folder = await mkdtemp(join(tmpdir(), 'llm-bench-pool-'))
})

afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const dataset = prompts(Array.from({ length: 12 }, (_, i) => `Prompt ${i}.`))
/** The smallest tokenizer.json that can be used. */
const WORDS = { version: '1.0', model: { type: 'BPE', vocab: { '<unk>': 0 }, merges: [], unk_token: '<unk>' } }
const never = new AbortController().signal

async function run(
  workload: Workload<ServedWorkloadSpec>,
  plan: Partial<RunPlan> = {},
  signal = never,
  onProgress: (progress: Progress) => void = () => {},
) {
  const record = await runInWorker(
    {
      workload: workload[WORKLOAD].spec,
      target: openai({ baseURL: server.url }),
      root: process.cwd(),
      folder,
      bench: 'chat',
      workloadDigest: 'digest',
      ...plan,
    },
    { onProgress, signal },
  )
  return record as RequestRecord
}

/** A run and what the server saw of it, in no order. */
async function seen(workload: Workload<ServedWorkloadSpec>): Promise<{ record: RequestRecord; requests: string[] }> {
  server.bodies.length = 0
  const record = await run(workload)
  return { record, requests: server.bodies.map(({ messages, seed }) => `${messages.at(-1)!.content} ${seed}`).toSorted() }
}

const inOrderOf = (columns: RequestColumns, times: Float64Array): number[] =>
  Array.from({ length: columns.length }, (_, i) => i).toSorted((a, b) => times[a]! - times[b]!)

function sequences(columns: RequestColumns): Record<number, number[]> {
  const byClient: Record<number, number[]> = {}
  for (const i of inOrderOf(columns, columns.sentNs)) (byClient[columns.client[i]!] ??= []).push(columns.promptIndex[i]!)
  return byClient
}

/** Rows and times in µs, in the order of the schedule. */
function schedule(columns: RequestColumns): [number, number][] {
  const order = inOrderOf(columns, columns.scheduledNs)
  const firstNs = columns.scheduledNs[order[0]!]!
  return order.map((i) => [columns.promptIndex[i]!, Math.round((columns.scheduledNs[i]! - firstNs) / 1e3)])
}

describe('two and three workers', () => {
  const several = [2, 3]
  const perClient = { n: 5, rampUp: 0.05, requests: 43, maxTokens: 3, dataset }
  const shared = { n: 6, rampUp: 0, requests: 45, order: 'shared', maxTokens: 2, dataset } as const
  const arrivals = { rate: 300, requests: 60, maxTokens: 2, dataset }

  test('send the same requests as one, each client in its own order', async () => {
    const one = await seen(clients({ ...perClient, workers: 1 }))
    for (const workers of several) {
      const { record, requests } = await seen(clients({ ...perClient, workers }))
      expect(requests).toEqual(one.requests)
      expect(sequences(record.columns)).toEqual(sequences(one.record.columns))
      expect(record).toMatchObject({ partial: false, errors: [], dataset: { wrapped: true }, tokens: { output: 'server' } })
      expect(record.client!.workers).toHaveLength(workers)
      expect(record.columns.outputTokens.every((count) => count === 3)).toBe(true)
    }
  })

  test('send one queue between them', async () => {
    const one = await seen(clients({ ...shared, workers: 1 }))
    expect((await seen(clients({ ...shared, workers: 3 }))).requests).toEqual(one.requests)
  })

  test('keep to one schedule', async () => {
    const one = await seen(requestRate({ ...arrivals, workers: 1 }))
    for (const workers of several) {
      const { record, requests } = await seen(requestRate({ ...arrivals, workers }))
      expect(requests).toEqual(one.requests)
      expect(schedule(record.columns)).toEqual(schedule(one.record.columns))
      expect(record.client!.lateness!.p99).toBeGreaterThanOrEqual(0)
    }
  })

  test('hold back what maxConcurrency does not let go', async () => {
    server.delayMs = 10
    for (const workers of several) {
      const { columns, client } = await run(requestRate({ rate: 2000, requests: 60, maxConcurrency: 4, maxTokens: 1, dataset, workers }))
      expect(columns.length).toBe(60)
      expect(server.mostInFlight).toBe(4)
      expect(client!.concurrency).toEqual({ asked: 4, achieved: 4 })
    }
  })

  test('write the files of a rollout as one does', async () => {
    server.delayMs = 2
    const by = async (workers: number): Promise<unknown[]> => {
      const own = join(folder, String(workers))
      const { batches, columns } = await run(rollout({ batch: 3, n: 3, maxTokens: 2, maxConcurrency: 4, dataset, workers }), {
        folder: own,
      })
      expect(batches!.map(({ index }) => index)).toEqual([0, 1, 2, 3])
      expect(server.mostInFlight).toBe(4)
      expect([...columns.batch]).toEqual(Array.from({ length: 36 }, (_, i) => Math.floor(i / 9)))
      const lines = (await readFile(join(own, 'rollout_details.jsonl'), 'utf8')).trim().split('\n')
      return lines.map((line) => ({ ...(JSON.parse(line) as object), total_time: 0, throughput_tokens_per_sec: 0 }))
    }
    const one = await by(1)
    for (const workers of several) expect(await by(workers)).toEqual(one)
  })
})

test('the server of a rollout that is counted by the client is counted by the lead', async () => {
  server.usage = false
  const { columns, tokens } = await run(rollout({ batch: 4, n: 2, limit: 4, maxTokens: 3, dataset, workers: 2 }))
  expect(tokens).toMatchObject({ output: 'bundled', input: 'bundled' })
  expect(columns.outputTokens.every((count) => count > 3)).toBe(true)
})

test('workers begin with different servers, where there are several', async () => {
  const other = new TokenServer()
  await other.listen()
  try {
    const target = openai({ baseURLs: [server.url, other.url] })
    const { columns } = await run(clients({ n: 2, rampUp: 0, requests: 2, dataset, workers: 2 }), { target })
    expect([server.bodies.length, other.bodies.length]).toEqual([1, 1])
    expect(new Set([...columns.target].map((index) => columns.targets[index]))).toEqual(new Set([server.url, other.url]))
  } finally {
    await other.close()
  }
})

test('progress is that of all workers', async () => {
  const all: Progress[] = []
  server.delayMs = 150
  const { columns } = await run(clients({ n: 4, rampUp: 0, requests: 16, maxTokens: 5, dataset, workers: 2 }), {}, never, (progress) =>
    all.push(progress),
  )
  expect(all.at(-1)).toMatchObject({ phase: 'done', started: 16, completed: 16, total: 16, outputTokens: 80 })
  expect(all.some(({ phase, completed }) => phase === 'running' && completed > 0)).toBe(true)
  expect(columns.length).toBe(16)
})

describe('a worker that fails', () => {
  test('ends the run with its error: here a tokenizer that is gone when it is needed', async () => {
    server.usage = false
    server.delayMs = 20
    const tokenizer = join(folder, 'tokenizer.json')
    await writeFile(tokenizer, JSON.stringify(WORDS))
    const running = run(clients({ n: 2, rampUp: 0, requests: 10, maxTokens: 3, tokenizer, dataset, workers: 2 }))
    await expect.poll(() => server.bodies.length, { timeout: PATIENCE_MS }).toBeGreaterThan(2)
    await rm(tokenizer)
    await expect(running).rejects.toMatchObject({ code: 'TOKENIZER', message: expect.stringContaining(tokenizer) as string })
  })

  test('by a defect of its own says which one it was, and where', async () => {
    const setup = {
      spec: clients({ n: 2 })[WORKLOAD].spec,
      target: openai({ baseURL: server.url, model: 'tiny' }),
      rows: undefined as never,
      originNs: process.hrtime.bigint(),
      tokenizer: undefined,
      root: folder,
      cells: sharedCells(3),
    }
    const peers = new Peers('chat', 3, setup, { onHopeless: () => {} })
    const error = (await peers.ready().catch((caught: unknown) => caught)) as Error
    expect(error).toMatchObject({
      code: 'RUN_FAILED',
      message: expect.stringMatching(/^chat: load worker [23] of 3 failed: .*undefined/) as string,
    })
    expect((error.cause as Error).stack).toContain('prompts.ts')
    expect(peers.failed.aborted).toBe(true)
    await expect(peers.parts()).rejects.toMatchObject({ code: 'RUN_FAILED' })
    await peers.close()
  })
})

test.skipIf(process.platform !== 'linux')('no worker is left, however the run ends', async () => {
  server.answers = 5
  const cancel = new AbortController()
  const running = run(clients({ n: 4, rampUp: 0, requests: 100, dataset, workers: 3 }), {}, cancel.signal)
  await expect.poll(() => server.bodies.length, { timeout: PATIENCE_MS }).toBe(9)
  const [lead, ...others] = await loadProcesses()
  expect(others).toEqual([])
  expect((await threadsOf(lead!)).filter(({ name }) => name.startsWith('llm-bench load')).length).toBe(2)
  cancel.abort()
  expect((await running).columns.length).toBe(5)
  expect(await loadProcesses()).toEqual([])
})

test('a stream by the clock of a simulated server is told alike by all workers', async () => {
  const simulated = await startSimulator(simulator({ ttft: 30, itl: 5 }), { root: folder })
  try {
    const target = openai({ baseURL: simulated.baseURL, model: simulated.model })
    const { columns, client } = await run(clients({ n: 6, rampUp: 0.1, requests: 36, maxTokens: 8, dataset, workers: 2 }), { target })
    expect(columns.length).toBe(36)
    for (let i = 0; i < 36; i++) {
      expect(columns.firstTokenNs[i]! - columns.sentNs[i]!).toBeGreaterThanOrEqual(30e6)
      expect(columns.lastTokenNs[i]! - columns.sentNs[i]!).toBeGreaterThanOrEqual(30e6 + 7 * 5e6)
    }
    expect(client!.concurrency.achieved).toBeLessThanOrEqual(6)
    // The second worker's clients begin when the first one's do, each at its own time.
    const startOf = (id: number): number => Math.min(...[...columns.scheduledNs].filter((_, i) => columns.client[i] === id))
    for (let id = 1; id < 6; id++) expect((startOf(id) - startOf(0)) / 1e6).toBeCloseTo((id * 100) / 6, 3)
  } finally {
    await simulated.close()
  }
})

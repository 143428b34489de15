import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { llama } from '../../../src/dsl/engines.ts'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import type { Workload } from '../../../src/dsl/workload.ts'
import { clients, offline, oneBatch, requestRate, rollout } from '../../../src/dsl/workloads.ts'
import { runInWorker } from '../../../src/load/run-in-worker.ts'
import type { Progress } from '../../../src/metrics/progress.ts'
import type { RunPlan } from '../../../src/load/plan.ts'
import type { RunRecord } from '../../../src/metrics/record.ts'
import { loadProcesses } from './load-processes.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llm-bench-engine-'))
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(() => {
  vi.useRealTimers()
})

/** Takes minutes, if nothing ends it. */
const ENDLESS = offline({ requests: 1000, maxTokens: 1000 })

async function run(workload: Workload, options: { signal?: AbortSignal; onProgress?: (progress: Progress) => void } = {}) {
  const plan: RunPlan = { workload: workload[WORKLOAD].spec, engine: llama(), root: folder, folder, bench: 'engine', workloadDigest: '' }
  return runInWorker(plan, { onProgress: () => {}, signal: new AbortController().signal, ...options })
}

/** Runs until some tokens are there, or a case is done, and cancels then. */
async function cancelled(workload: Workload, afterTokens = 1, onCancel: () => void = () => {}): Promise<RunRecord> {
  const cancel = new AbortController()
  const onProgress = ({ outputTokens }: Progress): void => {
    if (outputTokens < afterTokens || cancel.signal.aborted) return
    cancel.abort()
    onCancel()
  }
  return run(workload, { signal: cancel.signal, onProgress })
}

test('a run in a process of its own gives a whole record', async () => {
  const seen: Progress[] = []
  const record = await run(offline({ requests: 12, maxTokens: 5 }), { onProgress: (progress) => seen.push(progress) })
  expect(record.version).toMatch(/^llama\.cpp /)
  expect(record).toMatchObject({ kind: 'requests', partial: false, model: 'tiny-llama', errors: [], streamed: true })
  if (record.kind !== 'requests') throw new Error('not requests')
  expect(record.columns.length).toBe(12)
  expect([...record.columns.outputTokens]).toEqual(Array(12).fill(5))
  expect(record.columns.gapsMs).toBeInstanceOf(Float32Array)
  expect(record.originNs).toBeTypeOf('bigint')
  expect(seen[0]!.phase).toBe('loading')
  expect(seen.at(-1)).toMatchObject({ phase: 'running', completed: 12, outputTokens: 60 })
})

test.for([
  ['clients', clients({ n: 4, rampUp: 0.01, requests: 12, maxTokens: 5, turns: 2 })],
  ['requestRate', requestRate({ rate: 200, requests: 12, maxTokens: 5 })],
  ['rollout', rollout({ batch: 2, n: 2, limit: 6, maxTokens: 5, ignoreEos: true })],
] as const)('%s drives an engine as it does a server, without what is of a client over a wire', async ([kind, workload]) => {
  const seen: Progress[] = []
  const record = await run(workload, { onProgress: (progress) => seen.push(progress) })
  expect(record).toMatchObject({ kind: 'requests', partial: false, model: 'tiny-llama', errors: [], streamed: true })
  expect(record.version).toMatch(/^llama\.cpp /)
  if (record.kind !== 'requests') throw new Error('not requests')
  const { columns } = record
  expect(columns.length).toBe(12)
  expect([...columns.outputTokens]).toEqual(Array(12).fill(5))
  expect(record.tokens).toEqual({ output: 'server', input: 'server' })
  expect([...columns.connectNs].every(Number.isNaN)).toBe(true)
  expect([...columns.firstTokenNs].every((at, i) => at >= columns.sentNs[i]!)).toBe(true)
  expect(record.client).toBeUndefined()
  expect(seen.at(-1)).toMatchObject({ completed: 12, outputTokens: 60 })
  if (kind === 'rollout') {
    expect(record.batches).toHaveLength(3)
    expect(await readFile(join(folder, 'dispersed_stats.csv'), 'utf8')).toContain('\r\n2,"[[5, 5], [5, 5]]"')
  }
})

test('the modes decode one request at a time, all together, and so many as the batch holds', async () => {
  const modes = (['naive', 'offline', 'online'] as const).map((mode) =>
    offline({ mode, maxBatchSize: 3, requests: 9, maxTokens: 4, warmup: 1 }),
  )
  for (const workload of modes) {
    const record = await run(workload)
    if (record.kind !== 'requests') throw new Error('not requests')
    expect([...record.columns.outputTokens]).toEqual(Array(9).fill(4))
    const { sentNs, lastTokenNs, firstTokenNs } = record.columns
    const spans = Array.from(firstTokenNs, (at, i) => [at, lastTokenNs[i]!] as const)
    const together = Math.max(...spans.map(([at]) => spans.filter(([from, to]) => from <= at && at < to).length))
    const { mode } = workload[WORKLOAD].spec
    expect(together).toBe({ naive: 1, offline: 9, online: 3 }[mode!])
    expect(record.startNs).toBeLessThan(Math.min(...sentNs))
  }
})

test('one batch with correctness tells how far batched and single decoding agree, and keeps the answers', async () => {
  const record = await run(oneBatch({ batch: 1, inputLength: 8, outputLength: 2, correctness: true }))
  if (record.kind !== 'oneBatch') throw new Error('not one batch')
  expect(record.cases).toHaveLength(1)
  expect(record.agreement).toBeGreaterThan(0)
  expect(record.agreement).toBeLessThanOrEqual(1)
  expect((await readFile(join(folder, 'correctness.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(4)
})

test('cancelled in mid-pass, an offline run keeps what had ended', async () => {
  const record = await cancelled(offline({ requests: 1000, maxTokens: 3 }), 20)
  expect(record).toMatchObject({ kind: 'requests', partial: true })
  if (record.kind !== 'requests') throw new Error('not requests')
  expect(record.columns.length).toBeGreaterThan(0)
  expect(record.columns.length).toBeLessThan(1000)
  expect(record.columns.completed.every((completed) => completed === 1)).toBe(true)
})

test('cancelled in mid-pass, one batch keeps the cases that are done', async () => {
  const record = await cancelled(oneBatch({ batch: [1, 8], inputLength: 8, outputLength: [2, 4000] }))
  expect(record).toMatchObject({ kind: 'oneBatch', partial: true, cases: [{ batch: 1, outputLength: 2 }] })
})

test('an engine that does not answer a cancel is ended in mid-pass, without harm', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const running = cancelled(ENDLESS, 1, () => vi.advanceTimersByTime(60_000))
  await expect(running).rejects.toMatchObject({
    code: 'CANCELLED',
    message: expect.stringMatching(/did not hand over what it had measured within 60 seconds.*figures are lost/) as string,
  })
})

test.skipIf(process.platform !== 'linux')('an engine that dies in mid-pass is an error that says how', async () => {
  let killed = false
  const running = run(ENDLESS, {
    onProgress: ({ outputTokens }) => {
      if (outputTokens === 0 || killed) return
      killed = true
      void loadProcesses().then((ids) => ids.forEach((id) => process.kill(id, 'SIGKILL')))
    },
  })
  await expect(running).rejects.toMatchObject({
    code: 'RUN_FAILED',
    message: 'engine: the load worker failed: it was ended by SIGKILL before the run was over',
  })
  expect(await loadProcesses()).toEqual([])
})

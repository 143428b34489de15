import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { prompts, synthetic } from '../../../src/dsl/datasets.ts'
import { openai } from '../../../src/dsl/targets.ts'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import type { Workload } from '../../../src/dsl/workload.ts'
import { clients, requestRate, rollout } from '../../../src/dsl/workloads.ts'
import type { Progress } from '../../../src/metrics/progress.ts'
import type { RunPlan } from '../../../src/load/plan.ts'
import { runInWorker } from '../../../src/load/run-in-worker.ts'
import type { RequestRecord } from '../../../src/metrics/record.ts'

/** Streams as many tokens as are asked for, with usage; a server that is told to stops answering after some requests. */
class TokenServer {
  readonly bodies: object[] = []
  tokens = 0
  answers = Infinity
  status = 200
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      if (request.url === '/v1/models') response.end(JSON.stringify({ data: [{ id: 'tiny' }] }))
      else if (request.url !== '/v1/chat/completions') response.writeHead(404).end()
      else void this.#answer(request, response)
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await json(request)) as { max_tokens: number }
    if (this.bodies.push(body) > this.answers) return
    if (this.status !== 200) {
      response.writeHead(this.status).end('{"error":{"message":"no room"}}')
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const event = (value: object): unknown => response.write(`data: ${JSON.stringify(value)}\n\n`)
    for (let i = 0; i < body.max_tokens; i++) event({ choices: [{ index: 0, delta: { content: ' word' } }] })
    event({ choices: [{ index: 0, delta: {}, finish_reason: 'length' }] })
    event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: body.max_tokens } })
    this.tokens += body.max_tokens
    response.end('data: [DONE]\n\n')
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}

let server: TokenServer
let folder: string

beforeEach(async () => {
  server = new TokenServer()
  await server.listen()
  folder = await mkdtemp(join(tmpdir(), 'llm-bench-load-'))
})

afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

const dataset = prompts(Array.from({ length: 10 }, (_, i) => `Prompt ${i}.`))

const planOf = (workload: Workload, more: Partial<RunPlan> = {}): RunPlan => ({
  workload: workload[WORKLOAD].spec,
  target: openai({ baseURL: server.url }),
  root: process.cwd(),
  folder,
  bench: 'chat',
  workloadDigest: 'digest',
  ...more,
})

const run = async (plan: RunPlan, signal = new AbortController().signal, onProgress: (progress: Progress) => void = () => {}) => {
  const record = await runInWorker(plan, { onProgress, signal })
  return record as RequestRecord
}

test('a workload runs in a worker and its record comes back whole', async () => {
  const seen: Progress[] = []
  const plan = planOf(clients({ n: 4, rampUp: 0.02, requests: 40, maxTokens: 6, dataset }))
  const record = await run(plan, undefined, (progress) => seen.push(progress))
  expect(record).toMatchObject({ kind: 'requests', partial: false, model: 'tiny', streamed: true, errors: [] })
  expect(record.columns.length).toBe(40)
  expect(record.columns.outputTokens.reduce((sum, count) => sum + count, 0)).toBe(server.tokens)
  expect(record.tokens).toEqual({ output: 'server', input: 'server' })
  expect(record.dataset).toMatchObject({ rows: 10, wrapped: true })
  expect(record.originNs).toBeTypeOf('bigint')
  expect(seen[0]!.phase).toBe('loading')
  expect(seen.at(-1)).toMatchObject({ completed: 40, failed: 0, total: 40, unit: 'requests' })
})

test('no more synthetic prompts are made than there are requests, nor more than asked for', async () => {
  const lengths = { inputTokens: 5, outputTokens: 2 }
  const six = await run(planOf(clients({ n: 2, rampUp: 0, requests: 6, dataset: synthetic(lengths) })))
  expect(six.dataset).toMatchObject({ rows: 6, wrapped: false })
  const seven = await run(planOf(requestRate({ rate: 500, requests: 7, dataset: synthetic({ ...lengths, rows: 4 }) })))
  expect(seven.dataset).toMatchObject({ rows: 4, wrapped: true })
  expect([six.openLoop, seven.openLoop]).toEqual([false, true])
  expect([six.columns.length, seven.columns.length]).toEqual([6, 7])
})

test('a rollout leaves its files, and a cancelled one goes on from its finished batches', async () => {
  const workload = rollout({ batch: 2, n: 3, maxTokens: 4, dataset, maxConcurrency: 2 })
  const first = join(folder, 'first')
  const second = join(folder, 'second')
  const cancel = new AbortController()
  server.answers = 15
  const partial = run(planOf(workload, { folder: first }), cancel.signal)
  await expect.poll(() => server.bodies.length, { timeout: 10_000 }).toBe(17)
  cancel.abort()
  const { batches, partial: cut, notes } = await partial
  expect(cut).toBe(true)
  expect(batches!.map(({ index }) => index)).toEqual([0, 1])
  expect(notes).toContainEqual(expect.stringContaining('2 requests were in flight when'))

  server.answers = Infinity
  const sentBefore = server.bodies.length
  const resumed = await run(planOf(workload, { folder: second, resumeFrom: first }))
  expect(server.bodies.length - sentBefore).toBe(18)
  expect(resumed.batches!.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4])
  expect(resumed.columns.length).toBe(30)
  for (const [i, batch] of resumed.batches!.entries()) {
    if (i > 0) expect(batch.startNs).toBeGreaterThanOrEqual(resumed.batches![i - 1]!.endNs - 1)
  }
  expect(resumed.startNs).toBeGreaterThanOrEqual(0)
  const lines = (await readFile(join(second, 'rollout_details.jsonl'), 'utf8')).trim().split('\n')
  expect(lines).toHaveLength(10)
})

test('errors keep their code, and say what was wrong', async () => {
  server.status = 503
  const spec = clients({ n: 1, rampUp: 0, requests: 5, dataset })
  const errors = await Promise.all(
    [
      run(planOf(clients({ n: 1, dataset: 'missing.jsonl' }))),
      run(planOf(spec, { target: openai({ baseURL: 'http://127.0.0.1:1' }) })),
      run(planOf(spec)),
      run(planOf(spec), AbortSignal.abort()),
    ].map((running) => running.catch((error: unknown) => error)),
  )
  for (const error of errors) expect(error).toMatchObject({ name: 'LlmBenchError' })
  expect(errors).toMatchObject([
    { code: 'DATASET', message: expect.stringContaining('missing.jsonl') as string },
    { code: 'TARGET' },
    { code: 'RUN_FAILED', message: expect.stringMatching(/5 requests failed \(5 × http\).*no room/) as string },
    { code: 'CANCELLED' },
  ])
})

test('an abort while nothing answers gives what had ended', async () => {
  server.answers = 7
  const cancel = new AbortController()
  const running = run(planOf(clients({ n: 2, rampUp: 0, requests: 100, maxTokens: 3, dataset })), cancel.signal)
  await expect.poll(() => server.bodies.length, { timeout: 10_000 }).toBe(9)
  cancel.abort()
  const record = await running
  expect(record.partial).toBe(true)
  expect(record.columns.length).toBe(7)
})

test('a hopeless run is ended early, and its record says why', async () => {
  server.status = 503
  const record = await run(planOf(clients({ n: 2, rampUp: 0, requests: 10_000, dataset, abortOn: { errorRate: '50%' } })))
  expect(record).toMatchObject({ partial: true, endedEarly: expect.stringContaining('20 of 20 requests failed, 100%') as string })
  expect(record.columns.length).toBeLessThan(30)
})

test('warm-up requests reach the server and no record', async () => {
  const record = await run(planOf(clients({ n: 2, rampUp: 0, requests: 6, maxTokens: 3, dataset, warmup: 4 })))
  expect(server.bodies).toHaveLength(10)
  expect(record.columns.length).toBe(6)
  expect(record.notes).toContain('Warmed up by 4 requests before the clock, which no figure counts.')
})

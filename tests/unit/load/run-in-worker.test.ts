import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { prompts, synthetic } from '../../../src/dsl/datasets.ts'
import { target } from '../../../src/dsl/custom-target.ts'
import { openai } from '../../../src/dsl/targets.ts'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import type { Workload } from '../../../src/dsl/workload.ts'
import { clients, requestRate, rollout } from '../../../src/dsl/workloads.ts'
import type { Progress } from '../../../src/metrics/progress.ts'
import type { RunPlan } from '../../../src/load/plan.ts'
import { runInWorker } from '../../../src/load/run-in-worker.ts'
import type { RequestRecord } from '../../../src/metrics/record.ts'
import { PATIENCE_MS } from '../../patience.ts'
import { loadProcesses, threadsOf } from './load-processes.ts'
import { TokenServer } from './token-server.ts'

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

test.for([1, 2])('connections are opened before the load, which asks for no token; workers: %i', async (workers) => {
  const load = { n: 5, rampUp: 0, requests: 10, maxTokens: 3, dataset, workers }
  const ahead = await run(planOf(clients(load)))
  expect(ahead.client).toMatchObject({ openedAhead: 5 })
  expect(server.bodies).toHaveLength(10)
  const demanded = await run(planOf(clients({ ...load, preconnect: false })))
  expect(demanded.client).not.toHaveProperty('openedAhead')
  expect(server.bodies).toHaveLength(20)
})

test('of a long ramp-up, only connections of its first seconds are opened ahead', async () => {
  const { client } = await run(planOf(clients({ n: 64, rampUp: 16, requests: 2, stopAfter: 0.1, maxTokens: 3, dataset })))
  expect(client).toMatchObject({ openedAhead: 8 })
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

test.for([1, 2])('a rollout leaves its files, and a cancelled one goes on from its finished batches; workers: %i', async (workers) => {
  const workload = rollout({ batch: 2, n: 3, maxTokens: 4, dataset, maxConcurrency: 2, workers })
  const first = join(folder, 'first')
  const second = join(folder, 'second')
  const cancel = new AbortController()
  server.answers = 15
  const partial = run(planOf(workload, { folder: first }), cancel.signal)
  await expect.poll(() => server.bodies.length, { timeout: PATIENCE_MS }).toBe(17)
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

test('a rollout whose prompts have changed is not resumed but sent anew, and says so', async () => {
  const first = join(folder, 'results', 'first')
  const cancel = new AbortController()
  server.answers = 3
  const partial = run(planOf(rollout({ batch: 2, n: 1, maxTokens: 4, dataset }), { folder: first }), cancel.signal)
  await expect.poll(() => server.bodies.length, { timeout: PATIENCE_MS }).toBeGreaterThan(3)
  cancel.abort()
  expect((await partial).batches).toHaveLength(1)

  server.answers = Infinity
  const others = prompts(['other', 'prompts'])
  const workload = rollout({ batch: 2, n: 1, maxTokens: 4, dataset: others })
  const record = await run(planOf(workload, { folder: join(folder, 'second'), resumeFrom: first }))
  expect(record.columns.length).toBe(2)
  expect(record.notes).toContain(
    'Nothing was resumed: the dataset has changed since the interrupted run, whose batches stay in results/first.',
  )
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

test.for([1, 2])('an abort while nothing answers gives what had ended; workers: %i', async (workers) => {
  server.answers = 7
  const cancel = new AbortController()
  const running = run(planOf(clients({ n: 2, rampUp: 0, requests: 100, maxTokens: 3, dataset, workers })), cancel.signal)
  await expect.poll(() => server.bodies.length, { timeout: PATIENCE_MS }).toBe(9)
  cancel.abort()
  const record = await running
  expect(record.partial).toBe(true)
  expect(record.columns.length).toBe(7)
})

test.for([1, 2])('a hopeless run is ended early, and its record says why; workers: %i', async (workers) => {
  server.status = 503
  const record = await run(planOf(clients({ n: 2, rampUp: 0, requests: 10_000, dataset, abortOn: { errorRate: '50%' }, workers })))
  expect(record).toMatchObject({ partial: true, endedEarly: expect.stringMatching(/^2\d of 2\d requests failed/) as string })
  expect(record.columns.length).toBeLessThan(30)
})

test('warm-up requests reach the server and no record', async () => {
  const record = await run(planOf(clients({ n: 2, rampUp: 0, requests: 6, maxTokens: 3, dataset, warmup: 4 })))
  expect(server.bodies).toHaveLength(10)
  expect(record.columns.length).toBe(6)
  expect(record.notes).toContain('Warmed up by 4 requests before the clock, which no figure counts.')
})

test.skipIf(process.platform !== 'linux')("while the load runs, V8's helper threads yield to it", async () => {
  server.answers = 3
  const cancel = new AbortController()
  const running = run(planOf(clients({ n: 2, rampUp: 0, requests: 100, maxTokens: 3, dataset })), cancel.signal)
  await expect.poll(() => server.bodies.length, { timeout: PATIENCE_MS }).toBe(5)
  const [id] = await loadProcesses()
  const helpers = (await threadsOf(id!)).filter(({ name }) => name === 'V8Worker')
  expect(helpers.length).toBeGreaterThan(0)
  expect(new Set(helpers.map((helper) => getPriority(helper.id)))).toEqual(new Set([19]))
  expect(getPriority(id)).toBe(getPriority())
  cancel.abort()
  await running
})

test.skipIf(process.platform !== 'linux')('a load process that dies is an error that says how, and leaves nothing', async () => {
  server.answers = 3
  const running = run(planOf(clients({ n: 2, rampUp: 0, requests: 100, maxTokens: 3, dataset })))
  const failed = expect(running).rejects.toMatchObject({
    code: 'RUN_FAILED',
    message: 'chat: the load worker failed: it was ended by SIGKILL before the run was over',
  })
  await expect.poll(() => server.bodies.length, { timeout: PATIENCE_MS }).toBe(5)
  for (const id of await loadProcesses()) process.kill(id, 'SIGKILL')
  await failed
  expect(await loadProcesses()).toEqual([])
})

/** A target of the user's own: a module that begins with this, and makes none. */
async function failingTarget(begins: string): Promise<Partial<RunPlan>> {
  const module = join(folder, 'own.mjs')
  await writeFile(module, `${begins}\nexport default () => undefined\n`)
  return { target: target(module) }
}

const once = clients({ n: 1, rampUp: 0, requests: 1, dataset })

test("what a user's own target prints is heard", async () => {
  const heard = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    const made = run(planOf(once, await failingTarget("console.log('I was asked')")))
    await expect(made).rejects.toMatchObject({ code: 'TARGET' })
    expect(heard.mock.calls.map(([text]) => String(text)).join('')).toContain('I was asked')
  } finally {
    heard.mockRestore()
  }
})

test('messages that are none of ours are left alone', async () => {
  const sends = "for (const message of ['ready', null, 7, { type: 'other' }, {}]) process.send(message)"
  await expect(run(planOf(once, await failingTarget(sends)))).rejects.toMatchObject({ code: 'TARGET' })
})

test('a process that a target has started, and that holds its output open, is not waited for', async () => {
  const starts = [
    "import { spawn } from 'node:child_process'",
    "const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'inherit', detached: true })",
    'child.unref()',
    "console.log('started ' + child.pid)",
  ].join('\n')
  const heard = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  let id: number | undefined
  const startedAt = performance.now()
  try {
    await expect(run(planOf(once, await failingTarget(starts)))).rejects.toMatchObject({ code: 'TARGET' })
    id = Number(/started (\d+)/.exec(heard.mock.calls.map(([text]) => String(text)).join(''))?.[1])
    expect(performance.now() - startedAt).toBeLessThan(50_000)
  } finally {
    heard.mockRestore()
    if (id !== undefined) process.kill(id, 'SIGKILL')
  }
})

test.skipIf(process.platform !== 'linux')('a run whose process can not be started is an error, and harms nothing else', async () => {
  const program = `
    import { runInWorker } from ${JSON.stringify(new URL('../../../src/load/run-in-worker.ts', import.meta.url).href)}
    const hooks = { onProgress: () => {}, signal: new AbortController().signal }
    await runInWorker(${JSON.stringify(planOf(once))}, hooks).catch(({ code, message }) => console.log(code, message))
  `
  const limited = ['-c', 'ulimit -n 28; exec "$0" --input-type=module -e "$1"', process.execPath, program]
  const { stdout } = await promisify(execFile)('sh', limited)
  expect(stdout).toMatch(/^RUN_FAILED chat: the load worker failed: .*(EMFILE|EBADF)/)
})

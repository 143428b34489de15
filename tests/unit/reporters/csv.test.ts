import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { startVitest } from 'vitest/node'
import CsvReporter from '../../../reporters/csv.ts'
import { renderClientsCsv } from '../../../reporters/csv/clients.ts'
import { seedFiles } from '../../../reporters/csv/files.ts'
import { renderSchedulersCsv, type SchedulerRun } from '../../../reporters/csv/rosellm.ts'
import { renderProfileThroughputCsv, renderThroughputCsv, type LmdeployRun } from '../../../reporters/csv/lmdeploy.ts'
import { renderOfflineJsonl, renderOneBatchJsonl, type OneBatchRun } from '../../../reporters/csv/sglang.ts'
import type { RequestRun } from '../../../reporters/csv/cells.ts'
import { shareGPT, synthetic } from '../../../src/dsl/datasets.ts'
import { specOf, type Workload } from '../../../src/dsl/workload.ts'
import { clients, offline, oneBatch, requestRate, rollout } from '../../../src/dsl/workloads.ts'
import { RUN_ARTIFACT, type RunReport } from '../../../src/files/run-report.ts'
import { distribution } from '../../../src/metrics/percentiles.ts'
import type { Distribution, RequestMetrics } from '../../../src/metrics/summary-types.ts'
import { batchRun, model, run, test as testModel } from './fixtures.ts'

const golden = (name: string): string => readFileSync(new URL(`golden/${name}`, import.meta.url), 'utf8')
const sample = (...values: number[]): Distribution => distribution(Float64Array.from(values))!

const FIGURES: RequestMetrics = {
  kind: 'requests',
  requests: 4,
  completed: 4,
  failed: 0,
  successRate: 1,
  wallSeconds: 8,
  inputTokens: 100,
  outputTokens: 42,
  ttft: sample(10, 20, 30, 40),
  tpot: sample(2, 2, 4, 4),
  e2e: sample(100, 200, 300, 401.5),
  itl: sample(1, 2, 3),
  inputLength: sample(10, 20, 30, 40),
  outputLength: sample(9, 10, 11, 12),
  finishReasons: { stop: 4 },
  errors: [],
  tokens: { output: 'server', input: 'server' },
  dataset: { name: 'text questions.txt', rows: 4, digest: '0123456789abcdef', wrapped: false },
}

/** What is left when every request failed. */
const { ttft: _1, tpot: _2, e2e: _3, itl: _4, inputLength: _5, outputLength: _6, inputTokens: _7, outputTokens: _8, ...rest } = FIGURES
const NOTHING: RequestMetrics = { ...rest, completed: 0, failed: 4, successRate: 0 }

function report(bench: string, workload: Workload, over: Partial<RunReport> = {}): RunReport {
  return run({ bench, workload: specOf(workload)!, metrics: FIGURES, folder: `bench-results/now/${bench}`, ...over })
}

const SHAREGPT = shareGPT('samples.json')
const CLIENTS = clients({ n: 16, rampUp: 1.6, requests: 4, dataset: SHAREGPT, outputLength: 64 })
const RATE = requestRate({ rate: 2.5, requests: 4, dataset: 'questions.txt' })
const OFFLINE = offline({ requests: 4, dataset: synthetic({ inputTokens: 128, outputTokens: 64, spread: 0.2 }) })

test("clients.csv has llm.perf's columns and a row for each attempt, cut short or not", () => {
  const runs = [
    report('chat', CLIENTS, { attempt: 0, metrics: { ...FIGURES, requests: 4000, completed: 3999, failed: 1, successRate: 3999 / 4000 } }),
    report('chat', CLIENTS, { attempt: 1 }),
    report('steady, "2.5/s"', RATE, { partial: true }),
    report('down', RATE, { metrics: NOTHING }),
  ] as RequestRun[]
  expect(renderClientsCsv(runs)).toBe(golden('clients.csv'))
})

test("throughput.csv and profile_throughput.csv have LMDeploy's two forms", () => {
  const { ttft: _, tpot: _tpot, itl: _itl, ...unstreamed } = FIGURES
  const runs = [
    report('chat', CLIENTS),
    report('rate', RATE, { metrics: NOTHING }),
    report('whole', clients({ n: 8, requests: 4, stream: false, dataset: SHAREGPT }), { metrics: unstreamed }),
    report('offline', OFFLINE, { target: { kind: 'llama' }, metrics: unstreamed }),
    report('64 workers', offline({ concurrency: 64, requests: 2000, dataset: SHAREGPT }), { target: { kind: 'llama' } }),
    report('one by one', offline({ mode: 'naive', requests: 4, dataset: SHAREGPT }), { target: { kind: 'llama' } }),
  ] as LmdeployRun[]
  expect(renderThroughputCsv(runs)).toBe(golden('throughput.csv'))
  expect(renderProfileThroughputCsv(runs)).toBe(golden('profile_throughput.csv'))
})

test("offline.jsonl has SGLang's keys, without those that are unknown", () => {
  const runs = [report('offline', OFFLINE, { target: { kind: 'llama' } }), report('offline', OFFLINE, { metrics: NOTHING })] as RequestRun[]
  expect(renderOfflineJsonl(runs)).toBe(golden('offline.jsonl'))
})

const mode = (name: 'naive' | 'offline' | 'online') => offline({ mode: name, requests: 4, maxBatchSize: 2, dataset: 'questions.txt' })

test("schedulers.csv has rosellm's report for each mode, with a throughput of completion that counts completion alone", () => {
  const runs = [
    report('naive', mode('naive')),
    report('all together', mode('offline')),
    report('online', mode('online'), { attempt: 1, metrics: { ...FIGURES, wallSeconds: 0.539884 } }),
    report('down', mode('online'), { metrics: NOTHING }),
  ] as SchedulerRun[]
  expect(renderSchedulersCsv(runs)).toBe(golden('schedulers.csv'))
})

test("one_batch.jsonl has SGLang's keys, without decode figures for one token and without skipped cases", () => {
  const workload = oneBatch({ batch: [4, 512], inputLength: 1024, outputLength: [1, 1024], runName: 'test_run' })
  const one = report('static', workload, {
    target: { kind: 'llama' },
    metrics: {
      kind: 'oneBatch',
      cases: [
        {
          batch: 4,
          inputLength: 1024,
          outputLength: 1,
          prefillLatency: 3736.421108,
          prefillTokensPerSecond: 1096.2361793108923,
          totalLatency: 3736.421108,
          overallTokensPerSecond: 1097.3067224547506,
        },
        {
          batch: 4,
          inputLength: 1024,
          outputLength: 1024,
          prefillLatency: 3582.47447,
          prefillTokensPerSecond: 1143.3438072320973,
          medianDecodeLatency: 18.8877585,
          decodeTokensPerSecond: 211.77738225975435,
          totalLatency: 22969.415187,
          overallTokensPerSecond: 356.64817467091535,
        },
        { batch: 512, inputLength: 1024, outputLength: 1, skipped: 'needs more tokens than the engine holds' },
        { batch: 512, inputLength: 1024, outputLength: 1024 },
      ],
    },
  })
  expect(renderOneBatchJsonl([one as OneBatchRun])).toBe(golden('one_batch.jsonl'))
})

test('every bench has its own system files, all closed and open loops share clients.csv, and all scheduling modes schedulers.csv', () => {
  const runs = [
    report('chat', CLIENTS),
    report('chat', CLIENTS, { attempt: 1, folder: 'bench-results/now/chat_attempt-2' }),
    report('rate', RATE),
    report('offline', OFFLINE),
    report('rl', rollout({ batch: 2, n: 2 })),
    report('naive', offline({ mode: 'naive', requests: 4 }), { folder: 'bench-results/now/offline' }),
    batchRun(),
  ]
  const files = seedFiles(model({ tests: [testModel({ runs: runs.slice(0, 3) }), testModel({ runs: runs.slice(3) })] }))
  expect(files.map(({ folder, name }) => (folder === undefined ? name : `${folder}/${name}`))).toEqual([
    'clients.csv',
    'schedulers.csv',
    'bench-results/now/chat/throughput.csv',
    'bench-results/now/chat/profile_throughput.csv',
    'bench-results/now/chat_attempt-2/throughput.csv',
    'bench-results/now/chat_attempt-2/profile_throughput.csv',
    'bench-results/now/rate/throughput.csv',
    'bench-results/now/rate/profile_throughput.csv',
    'bench-results/now/offline/throughput.csv',
    'bench-results/now/offline/profile_throughput.csv',
    'bench-results/now/offline/offline.jsonl',
    'bench-results/now/static/one_batch.jsonl',
  ])
  expect(files[0]!.content.split('\n')).toHaveLength(5)
})

test('a suite without LLM workloads gets no file', () => {
  expect(seedFiles(model({ tests: [testModel({ runs: [] })] }))).toEqual([])
})

/** Really runs Vitest on benches that left these reports, in a folder of its own. */
async function runVitest(reports: readonly RunReport[], reporter: CsvReporter): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'llm-bench-csv-'))
  onTestFinished(async () => rm(root, { recursive: true }))
  await symlink(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(root, 'node_modules'))
  await writeFile(
    join(root, 'made.bench.ts'),
    `import { recordArtifact, test } from 'vitest'
     const reports = ${JSON.stringify(reports)}
     test('left its reports', async ({ task }) => {
       for (const report of reports) await recordArtifact(task, { type: '${RUN_ARTIFACT}', report })
     })`,
  )
  const benchmark = { enabled: true }
  const vitest = await startVitest([], { root, config: false, watch: false, benchmark, reporters: [reporter] })
  await vitest.close()
  return root
}

test('the reporter alone writes the tables to the results folder and to those of the benches', async () => {
  const root = await runVitest([report('chat', CLIENTS), batchRun()], new CsvReporter())
  const results = await readdir(join(root, 'bench-results'))
  expect((await readdir(join(root, 'bench-results/now'), { recursive: true })).toSorted()).toEqual([
    'chat',
    join('chat', 'profile_throughput.csv'),
    join('chat', 'throughput.csv'),
    'static',
    join('static', 'one_batch.jsonl'),
  ])
  const own = results.find((name) => name !== 'now')
  expect(await readdir(join(root, 'bench-results', own!))).toEqual(['clients.csv'])
})

test('the reporter writes to the folder it is given', async () => {
  const root = await runVitest([report('chat', CLIENTS)], new CsvReporter({ outputFolder: 'tables' }))
  expect((await readdir(join(root, 'tables'), { recursive: true })).toSorted()).toEqual([
    'chat',
    join('chat', 'profile_throughput.csv'),
    join('chat', 'throughput.csv'),
    'clients.csv',
  ])
  expect(await readFile(join(root, 'tables/clients.csv'), 'utf8')).toMatch(/^name,num_clients,.*\nchat,16,,4,1\.000,/)
  expect(await readdir(root)).not.toContain('bench-results')
})

test('the reporter writes nothing where no LLM workload ran', async () => {
  const root = await runVitest([], new CsvReporter({ outputFolder: 'tables' }))
  expect((await readdir(root)).toSorted()).toEqual(['made.bench.ts', 'node_modules'])
})

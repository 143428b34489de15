import { fork } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { renderMarkdown } from '../../reporters/markdown/render.ts'
import { renderJUnit } from '../../reporters/junit/render.ts'
import { renderSummary } from '../../reporters/json/render.ts'
import { seedFiles } from '../../reporters/csv/files.ts'
import type { RunModel } from '../../reporters/model.ts'
import { terminalStyle } from '../../reporters/terminal/style.ts'
import { renderTest } from '../../reporters/terminal/test.ts'
import { clients } from '../../src/dsl/workloads.ts'
import { specOf } from '../../src/dsl/workload.ts'
import type { ClientsSpec } from '../../src/dsl/workload-spec.ts'
import { REPORT_VERSION } from '../../src/files/run-report.ts'
import type { RunReport } from '../../src/files/run-report.ts'
import { writeRequestsParquet } from '../../src/files/requests-parquet.ts'
import { handOver, RecordAssembly } from '../../src/load/record-pieces.ts'
import type { RecordPiece } from '../../src/load/record-pieces.ts'
import { ColumnBuilder } from '../../src/metrics/columns.ts'
import type { RequestRecord } from '../../src/metrics/record.ts'
import { summarize } from '../../src/metrics/summarize.ts'
import { sampleOf } from '../../src/verdict/sample-of.ts'
import { toBenchResult } from '../../src/vitest/bench-result.ts'
import { forgetPeak, residentOf } from './memory.ts'

/** Between two looks at what parent and child have at once. */
const SAMPLE_MS = 20

/** How large a run is. */
export interface Size {
  readonly requests: number
  readonly tokens: number
}

const CLIENTS = 100

function spec({ requests, tokens }: Size): ClientsSpec {
  return specOf(clients({ n: CLIENTS, rampUp: 0, requests, maxTokens: tokens })) as ClientsSpec
}

/** What a load process tells. */
type FromLoad = { readonly piece: RecordPiece } | { readonly record: RequestRecord; readonly peakMB: number }

/** The load process: a record of requests whose tokens come 20 to 24 ms apart, and its hand-over. */
async function load({ requests, tokens }: Size): Promise<void> {
  const columns = new ColumnBuilder()
  let state = 1
  const random = (): number => (state = Math.imul(state, 1_664_525) + 1_013_904_223) >>> 8
  for (let i = 0; i < requests; i++) {
    // Of its own for each request, as an answer's is.
    const gapsMs = new Float32Array(tokens - 1)
    const sentNs = i * 1e5 + (random() % 1e5)
    const firstTokenNs = sentNs + 1e8 + random()
    let lastTokenNs = firstTokenNs
    for (let gap = 0; gap < gapsMs.length; gap++) {
      gapsMs[gap] = 20 + random() / 2 ** 22
      lastTokenNs += gapsMs[gap]! * 1e6
    }
    columns.append({
      client: i % CLIENTS,
      promptIndex: random() % 1000,
      scheduledNs: sentNs,
      sentNs,
      firstTokenNs,
      firstAnswerNs: firstTokenNs,
      lastTokenNs,
      connectNs: i < CLIENTS ? 1e5 : undefined,
      promptTokens: 8,
      outputTokens: tokens,
      chunks: tokens,
      completed: true,
      finishReason: 'length',
      target: 'http://127.0.0.1:8000/v1',
      gapsMs,
    })
  }
  const made: RequestRecord = {
    kind: 'requests',
    originNs: process.hrtime.bigint(),
    startNs: 0,
    endNs: requests * 1e5,
    steadyNs: [0.01 * requests * 1e5, 0.99 * requests * 1e5],
    columns: columns.finish(),
    errors: [],
    tokens: { output: 'server', input: 'server' },
    dataset: { name: 'made', rows: 1000, digest: '0', wrapped: true },
    notes: [],
    partial: false,
    streamed: true,
  }
  const record = (await handOver(made, (piece) => post({ piece }))) as RequestRecord
  await post({ record, peakMB: residentOf().peak })
  process.disconnect()
}

function post(message: FromLoad): Promise<void> {
  return new Promise((resolve) => process.send!(message, () => resolve()))
}

async function measure(size: Size): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-bench-scale-'))
  process.stdout.write(`${size.requests} requests × ${size.tokens} tokens, made in memory (before: ${Math.round(residentOf().now)} MB)\n`)
  try {
    const record = await phase('load, hand-over', () => fromProcess(size))
    const metrics = await phase('figures', () => summarize(record))
    const path = join(folder, 'requests.parquet')
    await phase('requests.parquet', () => writeRequestsParquet(path, record))
    const report = reportOf(size, metrics)
    await phase('sample.json', () =>
      sampleOf({
        bench: { file: 'scale.bench.ts', test: 'scale', name: 'scale' },
        startedAt: report.startedAt,
        cohort: {},
        partial: false,
        metrics,
        requests: record,
      }),
    )
    const result = await phase("Vitest's result", () => toBenchResult('scale', record))
    await phase('reports', () => render(report, result.name))
    process.stdout.write(`  requests.parquet: ${((await stat(path)).size / 1e6).toFixed(1)} MB\n  peak of all: ${Math.round(highest)} MB\n`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

let highest = 0

async function phase<Result>(name: string, run: () => Result | Promise<Result>): Promise<Result> {
  forgetPeak()
  const startedAt = performance.now()
  const result = await run()
  const seconds = (performance.now() - startedAt) / 1000
  const { now, peak } = residentOf()
  highest = Math.max(highest, peak)
  process.stdout.write(`  ${name}: ${seconds.toFixed(1)} s, peak ${Math.round(peak)} MB, after it ${Math.round(now)} MB\n`)
  return result
}

/** Tells the load process's peak, and the most that both have at once, as it goes. */
function fromProcess({ requests, tokens }: Size): Promise<RequestRecord> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ['--load', String(requests), String(tokens)], { serialization: 'advanced' })
    const assembly = new RecordAssembly()
    let both = 0
    const timer = setInterval(() => {
      if (child.exitCode === null) both = Math.max(both, residentOf().now + residentOf(child.pid).now)
    }, SAMPLE_MS)
    let record: RequestRecord | undefined
    child.on('message', (message: FromLoad) => {
      if ('piece' in message) return assembly.add(message.piece)
      record = assembly.complete(message.record) as RequestRecord
      process.stdout.write(`  the load process: peak ${Math.round(message.peakMB)} MB; with this one at once: ${Math.round(both)} MB\n`)
    })
    child.on('error', reject)
    child.on('exit', () => {
      clearInterval(timer)
      if (record === undefined) reject(new Error('the load process ended without a record'))
      else resolve(record)
    })
  })
}

function reportOf(size: Size, metrics: RunReport['metrics']): RunReport {
  return {
    version: REPORT_VERSION,
    bench: 'scale',
    attempt: 0,
    workload: spec(size),
    workloadDigest: '0',
    cohort: {},
    target: { kind: 'openai' },
    metrics,
    folder: 'bench-results/scale',
    startedAt: new Date().toISOString(),
    durationMs: 0,
    partial: false,
    notes: [],
  }
}

function render(run: RunReport, name: string): void {
  const model: RunModel = {
    generator: { name: 'vitest-llm-bench', version: '0' },
    vitestVersion: '0',
    startedAt: run.startedAt,
    durationMs: 0,
    root: '/',
    resultsFolder: 'bench-results',
    partial: false,
    environment: {},
    tests: [
      {
        file: 'scale.bench.ts',
        project: '',
        suites: [],
        name,
        state: 'passed',
        durationMs: 0,
        flaky: false,
        attempts: 1,
        errors: [],
        runs: [run],
        verdicts: [],
        holdings: [],
        benchmarks: [],
      },
    ],
    unhandledErrors: [],
  }
  renderSummary(model)
  renderJUnit(model)
  renderMarkdown(model)
  seedFiles(model)
  renderTest([run], { verdicts: [], holdings: [] }, terminalStyle())
}

const [, , mode, ...size] = process.argv
const [requests, tokens] = size.map(Number) as [number, number]
if (mode === '--size') await measure({ requests, tokens })
else if (mode === '--load') await load({ requests, tokens })

import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
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
import { ClientMeter } from '../../src/load/client-meter.ts'
import { closedLoop } from '../../src/load/closed-loop.ts'
import { ProgressMeter } from '../../src/load/progress-meter.ts'
import { recordOf } from '../../src/load/request-record.ts'
import { TokenCounter } from '../../src/load/token-counter.ts'
import { startClock } from '../../src/metrics/clock.ts'
import type { Clock } from '../../src/metrics/clock.ts'
import { buffersOf } from '../../src/metrics/columns.ts'
import type { RequestRecord } from '../../src/metrics/record.ts'
import { summarize } from '../../src/metrics/summarize.ts'
import type { Answer, GenerateRequest, Target } from '../../src/targets/target.ts'
import { toBenchResult } from '../../src/vitest/bench-result.ts'
import { forgetPeak, residentOf } from './memory.ts'

/** How large a run is. */
export interface Size {
  readonly requests: number
  readonly tokens: number
}

const CLIENTS = 100
const TTFT_NS = 100e6

function spec({ requests, tokens }: Size): ClientsSpec {
  return specOf(clients({ n: CLIENTS, rampUp: 0, requests, maxTokens: tokens })) as ClientsSpec
}

/** The load thread: the closed loop with a target that has no wire, and the hand-over of what it leaves. */
async function load(size: Size): Promise<void> {
  const clock = startClock()
  const rows = Array.from({ length: 1024 }, (_, i) => ({
    messages: [{ role: 'user' as const, content: `prompt ${i}` }],
    userTurns: [`prompt ${i}`],
  }))
  const driver = {
    spec: spec(size),
    dataset: { name: 'numbered', digest: '0', notes: [], rows },
    target: new InstantTarget(clock),
    clock,
    counter: new TokenCounter(() => Promise.reject(new Error('every answer has its usage'))),
    progress: new ProgressMeter(),
    signal: new AbortController().signal,
  }
  const meter = new ClientMeter(clock, (nowNs) => nowNs)
  const result = await closedLoop(driver)
  const client = { metered: meter.stop(), maxInFlight: CLIENTS }
  const record = await recordOf(result, { ...driver, bench: 'scale', model: 'none', streamed: true, openLoop: false, client })
  parentPort!.postMessage(record, buffersOf(record.columns))
}

/** Answers at once with tokens 20 to 24 ms apart, each gap different. */
class InstantTarget implements Target {
  readonly notes = []
  readonly #clock: Clock
  #state = 1

  constructor(clock: Clock) {
    this.#clock = clock
  }

  prepare(): Promise<{ model: string }> {
    return Promise.resolve({ model: 'none' })
  }

  async send({ maxTokens }: GenerateRequest): Promise<Answer> {
    await new Promise(setImmediate)
    const gapsMs = new Float32Array(maxTokens - 1)
    let tookNs = TTFT_NS
    for (let i = 0; i < gapsMs.length; i++) {
      this.#state = Math.imul(this.#state, 1664525) + 1013904223
      gapsMs[i] = 20 + (this.#state >>> 8) / 2 ** 22
      tookNs += gapsMs[i]! * 1e6
    }
    // It ends now, for its client waits for the end.
    const lastTokenNs = this.#clock.now()
    const sentNs = lastTokenNs - tookNs
    const firstTokenNs = sentNs + TTFT_NS
    return {
      address: 'memory',
      sentNs,
      endNs: lastTokenNs,
      usage: { promptTokens: 8, outputTokens: maxTokens },
      choices: [{ firstTokenNs, firstAnswerNs: firstTokenNs, lastTokenNs, chunks: maxTokens, gapsMs, finishReason: 'length', text: '' }],
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

async function measure(size: Size): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-bench-scale-'))
  process.stdout.write(`${size.requests} requests × ${size.tokens} tokens, made in memory (before: ${Math.round(residentOf().now)} MB)\n`)
  try {
    const record = await phase('load, hand-over', () => fromWorker(size))
    const metrics = await phase('figures', () => summarize(record))
    const path = join(folder, 'requests.parquet')
    await phase('requests.parquet', () => writeRequestsParquet(path, record))
    const report = reportOf(size, metrics)
    const result = await phase("Vitest's result", () => toBenchResult('scale', record, report))
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

function fromWorker(size: Size): Promise<RequestRecord> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: size })
    let record: RequestRecord | undefined
    worker.on('message', (message: RequestRecord) => (record = message))
    worker.on('error', reject)
    worker.on('exit', () => (record === undefined ? reject(new Error('the load thread ended without a record')) : resolve(record)))
  })
}

function reportOf(size: Size, metrics: RunReport['metrics']): RunReport {
  return {
    version: REPORT_VERSION,
    bench: 'scale',
    attempt: 0,
    workload: spec(size),
    workloadDigest: '0',
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
        benchmarks: [],
      },
    ],
    unhandledErrors: [],
  }
  renderSummary(model)
  renderJUnit(model)
  seedFiles(model)
  renderTest([run], [], terminalStyle())
}

if (isMainThread && process.argv[2] === '--size') {
  const [requests, tokens] = process.argv.slice(3).map(Number) as [number, number]
  await measure({ requests, tokens })
} else if (!isMainThread) {
  await load(workerData as Size)
}

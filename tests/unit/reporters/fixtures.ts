import { workloadDigest } from '../../../src/dsl/digest.ts'
import { specOf } from '../../../src/dsl/workload.ts'
import type { Workload } from '../../../src/dsl/workload.ts'
import { clients, oneBatch } from '../../../src/dsl/workloads.ts'
import type { RunReport } from '../../../src/files/run-report.ts'
import type { BatchMetrics, ClientMetrics, Distribution, RequestMetrics } from '../../../src/metrics/summary-types.ts'
import type { Verdict } from '../../../src/verdict/verdict.ts'
import type { Comparison } from '../../../src/verdict/comparison.ts'
import type { Holding } from '../../../src/verdict/holding.ts'
import type { ErrorModel, RunModel, TestModel } from '../../../reporters/model.ts'

/** A distribution around a middle, with made-up but ordered statistics. */
export function distribution(middle: number, count = 1000): Distribution {
  return {
    count,
    min: middle / 2,
    max: middle * 4,
    mean: middle * 1.1,
    median: middle,
    std: middle / 3,
    p50: middle,
    p75: middle * 1.5,
    p90: middle * 2,
    p95: middle * 2.5,
    p99: middle * 3,
    'p99.9': middle * 3.5,
  }
}

export function requestMetrics(over: Partial<RequestMetrics> = {}): RequestMetrics {
  return {
    kind: 'requests',
    requests: 1000,
    completed: 1000,
    failed: 0,
    successRate: 1,
    wallSeconds: 50,
    inputTokens: 120_000,
    outputTokens: 64_000,
    requestsPerSecond: 20,
    outputTokensPerSecond: 1280,
    totalTokensPerSecond: 3680,
    ttft: distribution(40),
    tpot: distribution(12),
    itl: distribution(11.5, 63_000),
    e2e: distribution(800),
    finishReasons: { length: 1000 },
    errors: [],
    tokens: { output: 'server', input: 'server' },
    dataset: { name: 'shareGPT samples_1024.json', rows: 1024, digest: '0123456789abcdef', wrapped: false },
    ...over,
  }
}

/** A client that kept up. */
export function clientMetrics(over: Partial<ClientMetrics> = {}): ClientMetrics {
  return {
    validity: 'valid',
    reasons: [],
    seconds: 50,
    cores: 4,
    workers: [{ cpuShare: 0.125, utilization: 0.2 }],
    lag: { p50: 0, p99: 1.25, max: 6 },
    stalls: { count: 4, longestMs: 7.5, totalMs: 20 },
    gc: { count: 30, longestMs: 2.5, totalMs: 31 },
    concurrency: { asked: 16, achieved: 16 },
    connections: 16,
    openFiles: 65_536,
    ...over,
  }
}

function batchMetrics(): BatchMetrics {
  return {
    kind: 'oneBatch',
    cases: [
      {
        batch: 8,
        inputLength: 1024,
        outputLength: 1,
        prefillLatency: 210.5,
        prefillTokensPerSecond: 38_917,
        totalLatency: 210.5,
        overallTokensPerSecond: 38_955,
      },
      {
        batch: 8,
        inputLength: 1024,
        outputLength: 64,
        prefillLatency: 211,
        prefillTokensPerSecond: 38_825,
        medianDecodeLatency: 9.25,
        decodeTokensPerSecond: 864.9,
        totalLatency: 793.75,
        overallTokensPerSecond: 10_965,
      },
      { batch: 512, inputLength: 1024, outputLength: 64, skipped: 'needs 557,056 tokens of context, the engine holds 131,072' },
    ],
  }
}

function workloadFacts(workload: Workload): Pick<RunReport, 'workload' | 'workloadDigest'> {
  const spec = specOf(workload)!
  return { workload: spec, workloadDigest: workloadDigest(spec) }
}

export function run(over: Partial<RunReport> = {}): RunReport {
  return {
    version: 1,
    bench: 'chat',
    attempt: 0,
    ...workloadFacts(clients({ n: 16, rampUp: 1.6, requests: 1000 })),
    cohort: { target: 'openai', model: 'Qwen2.5-7B-Instruct', 'engine.name': 'vllm', 'engine.version': '0.11' },
    target: { kind: 'openai', address: 'http://127.0.0.1:8000/v1', model: 'Qwen2.5-7B-Instruct', version: 'vllm 0.11' },
    metrics: requestMetrics(),
    folder: 'bench-results/now/chat',
    startedAt: '2026-03-01T12:00:00.000Z',
    durationMs: 51_000,
    partial: false,
    notes: [],
    ...over,
  }
}

export function batchRun(over: Partial<RunReport> = {}): RunReport {
  return run({
    bench: 'static',
    ...workloadFacts(oneBatch({ batch: [8, 512], inputLength: 1024, outputLength: [1, 64] })),
    target: { kind: 'llama', address: 'tiny.gguf', version: 'b6000' },
    metrics: batchMetrics(),
    folder: 'bench-results/now/static',
    ...over,
  })
}

export function verdict(over: Partial<Verdict> = {}): Verdict {
  return {
    bench: 'chat',
    metric: 'ttft.p99',
    threshold: 'ttft.p99 <= 200ms',
    state: 'pass',
    direction: 'max',
    limit: 200,
    measured: 120,
    unit: 'ms',
    margin: 0.4,
    message: 'ttft.p99 is 120 ms',
    attempt: 0,
    ...over,
  }
}

export function breach(over: Partial<Verdict> = {}): Verdict {
  return verdict({
    state: 'fail',
    threshold: 'ttft.p99 <= 100ms',
    limit: 100,
    measured: 120,
    margin: -0.2,
    message: 'ttft.p99 is 120 ms, over the limit of 100 ms by 20 %\nworst: request 17 of client 3 (prompt 44): 160 ms',
    ...over,
  })
}

/** `ttft.p99`, which held within 10 %. */
export function comparison(over: Partial<Comparison> = {}): Comparison {
  return {
    bench: 'chat',
    attempt: 0,
    against: 'baseline of 2026-02-20, 10 runs',
    metric: 'ttft.p99',
    unit: 'ms',
    direction: 'max',
    within: 0.1,
    state: 'pass',
    reference: { runs: 10, value: 118.5, values: [118.5] },
    measured: { runs: 5, value: 120.25, values: [120.25] },
    change: 0.0148,
    interval: [-0.011, 0.042],
    message: 'ttft.p99 held within 10%',
    ...over,
  }
}

export function regressed(over: Partial<Comparison> = {}): Comparison {
  return comparison({
    state: 'regressed',
    measured: { runs: 5, value: 155.5, values: [155.5] },
    change: 0.3122,
    interval: [0.2713, 0.35],
    message: 'ttft.p99 regressed by 31.2% (27.1% to 35%), more than 10%',
    ...over,
  })
}

export function undecided(over: Partial<Comparison> = {}): Comparison {
  return comparison({
    metric: 'e2e.p99',
    state: 'inconclusive',
    reference: { runs: 10, value: 2400, values: [2400] },
    measured: { runs: 5, value: 2568, values: [2568] },
    change: 0.07,
    interval: [-0.03, 0.17],
    runsToSettle: 9,
    advice: 'About 9 runs would settle it.',
    message: 'e2e.p99 is inconclusive: +7% [−3% to +17%]. About 9 runs would settle it.',
    ...over,
  })
}

export function holding(comparisons: Comparison[] = [comparison()], over: Partial<Holding> = {}): Holding {
  const states = new Set(comparisons.map(({ state }) => state))
  return {
    bench: 'chat',
    attempt: 0,
    matcher: 'toHoldBaseline',
    against: 'baseline of 2026-02-20, 10 runs',
    state: states.has('regressed') ? 'regressed' : states.has('error') ? 'error' : states.has('inconclusive') ? 'inconclusive' : 'held',
    inconclusive: 'warn',
    differences: [],
    comparisons,
    notes: [],
    ...over,
  }
}

export function holdError(over: Partial<ErrorModel> = {}): ErrorModel {
  return {
    name: 'HoldBreachError',
    message: 'chat against baseline of 2026-02-20, 10 runs: 1 of 2 metrics regressed',
    at: 'benches/chat.bench.ts:13:15',
    stack: '    at benches/chat.bench.ts:13:15',
    cause: 'threshold',
    ...over,
  }
}

export function breachError(over: Partial<ErrorModel> = {}): ErrorModel {
  return {
    name: 'SLOBreachError',
    message: 'chat breaks 1 of 2 thresholds\n  ttft.p99 <= 100ms: 120 ms',
    at: 'benches/chat.bench.ts:12:15',
    stack: '    at benches/chat.bench.ts:12:15',
    cause: 'threshold',
    ...over,
  }
}

export function runError(over: Partial<ErrorModel> = {}): ErrorModel {
  return {
    name: 'LlmBenchError',
    message: 'No request of "chat" was answered: connect ECONNREFUSED 127.0.0.1:8000\nIs the server up?',
    at: 'benches/chat.bench.ts:10:40',
    stack: '    at benches/chat.bench.ts:10:40',
    cause: 'run',
    ...over,
  }
}

export function test(over: Partial<TestModel> = {}): TestModel {
  return {
    file: 'benches/chat.bench.ts',
    line: 9,
    project: 'bench',
    suites: ['nightly'],
    name: '16 users keep their SLO',
    state: 'passed',
    durationMs: 51_234.5678,
    flaky: false,
    attempts: 1,
    errors: [],
    runs: [run()],
    verdicts: [verdict()],
    holdings: [],
    benchmarks: [],
    ...over,
  }
}

export function model(over: Partial<RunModel> = {}): RunModel {
  return {
    generator: { name: 'vitest-llm-bench', version: '0.1.0' },
    vitestVersion: '5.1.1',
    startedAt: '2026-03-01T12:00:00.000Z',
    durationMs: 60_000,
    root: '/home/me/project',
    resultsFolder: 'bench-results/now',
    partial: false,
    environment: { platform: 'linux x64', gpu: 'H100' },
    tests: [test()],
    unhandledErrors: [],
    ...over,
  }
}

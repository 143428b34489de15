import { Bench } from 'tinybench'
import type { Statistics } from 'tinybench'
import type { BenchResult } from 'vitest'
import type { Repeats } from '../dsl/repeats.ts'
import type { WorkloadSpec } from '../dsl/workload-spec.ts'
import { LlmBenchError } from '../errors.ts'
import type { RunReport } from '../files/run-report.ts'
import type { KeptAnswer, RequestRecord, RunRecord } from '../metrics/record.ts'
import type { BatchMetrics, RequestMetrics } from '../metrics/summary-types.ts'
import type { RunSample } from '../verdict/run-sample.ts'

/** The figures of a workload's kind. */
type MetricsOf<Spec extends WorkloadSpec> = Spec extends { kind: 'oneBatch' } ? BatchMetrics : RequestMetrics

/** A Vitest benchmark result (E2E latency per request in ms; requests/s) with the figures of a workload. */
export interface WorkloadResult<Spec extends WorkloadSpec = WorkloadSpec> extends Omit<BenchResult, 'metrics' | 'runs'> {
  /**
   * The figures of one run: latencies in ms, throughput in tokens/s and requests/s. Of several repeats it is the one whose
   * throughput is the median (of an even number, the lower of the two in the middle).
   */
  readonly metrics: MetricsOf<Spec>
  /** The figures of every repeat so far, in order. */
  readonly runs: readonly MetricsOf<Spec>[]
}

/** Key under which a result carries what matchers need; not enumerable, so that no report prints it. */
const RUN = Symbol.for('vitest-llm-bench.run')

/** One run of a workload, as matchers need it. */
export interface MeasuredOnce {
  readonly report: RunReport
  /** What it is compared with others by. */
  readonly sample: RunSample
  /** The single requests and their window; absent for a static batch. */
  readonly requests?: Pick<RequestRecord, 'columns' | 'steadyNs' | 'openLoop'> | undefined
  /** The answers' texts, where the workload keeps them. */
  readonly answers?: readonly KeptAnswer[] | undefined
}

/** All runs of a bench, as matchers need them. */
export interface MeasuredRun {
  /** Every repeat so far, in order. */
  readonly runs: readonly MeasuredOnce[]
  readonly repeats: Repeats
  /** The run whose figures the result shows. */
  readonly standing: MeasuredOnce
  /**
   * Runs the workload once more and appends to `runs`. What was run beside it by `bench.compare()` takes its turn too, up to
   * its own most.
   * @throws {LlmBenchError} what a run throws; `CANCELLED`
   */
  again(): Promise<void>
}

/** A benchmark result that carries its runs for matchers. */
export function carryingRuns<Result extends BenchResult>(result: Result, run: MeasuredRun): Result {
  return Object.defineProperty(result, RUN, { value: run })
}

/** What a result of a workload carries for matchers; undefined for anything else. */
export function measuredRun(result: unknown): MeasuredRun | undefined {
  return typeof result === 'object' && result !== null ? (result as Record<symbol, MeasuredRun | undefined>)[RUN] : undefined
}

/** A run in the form of Vitest's benchmark results. */
export function toBenchResult(name: string, record: RunRecord): BenchResult {
  const { latenciesMs, wallMs, perSecond } = samplesOf(record)
  const measured = tinybenchResult(name, latenciesMs)
  return {
    ...measured,
    name,
    // Tinybench takes samples to follow one another; requests overlap, so the rate is the run's own.
    throughput: scaled(measured.throughput, perSecond / measured.throughput.mean),
    totalTime: wallMs,
    period: wallMs / latenciesMs.length,
  }
}

function samplesOf(record: RunRecord): { latenciesMs: number[]; wallMs: number; perSecond: number } {
  const latenciesMs: number[] = []
  let wallMs = 0
  if (record.kind === 'requests') {
    const { columns } = record
    for (let i = 0; i < columns.length; i++) {
      if (columns.completed[i] === 1) latenciesMs.push((columns.lastTokenNs[i]! - columns.sentNs[i]!) / 1e6)
    }
    wallMs = (record.endNs - record.startNs) / 1e6
  } else {
    for (const { prefillNs, decodeNs } of record.cases) {
      if (prefillNs !== undefined) latenciesMs.push(decodeNs.reduce((sum, step) => sum + step, prefillNs) / 1e6)
    }
    wallMs = latenciesMs.reduce((sum, latency) => sum + latency, 0)
  }
  if (latenciesMs.length === 0) {
    throw new LlmBenchError(
      'RUN_FAILED',
      record.kind === 'oneBatch'
        ? `No case could be run: ${record.cases.map(({ skipped }) => skipped).join('; ')}`
        : 'No request completed.',
    )
  }
  return { latenciesMs, wallMs, perSecond: (latenciesMs.length / wallMs) * 1000 }
}

/** Tinybench's own statistics of measured samples; it has no other way in than a bench whose durations are given. */
function tinybenchResult(name: string, latenciesMs: number[]): BenchResult {
  let i = 0
  const bench = new Bench({ iterations: latenciesMs.length, time: 0, warmup: false })
  bench.add(name, () => ({ overriddenDuration: latenciesMs[i++]! }), { async: false })
  const [task] = bench.runSync()
  const result = task!.result
  if (result.state !== 'completed') throw new LlmBenchError('RUN_FAILED', `Statistics of ${name} could not be made: ${result.state}`)
  return { ...result, name }
}

const WITHOUT_UNIT = new Set(['critical', 'df', 'rme', 'samplesCount'])

function scaled(statistics: Statistics, factor: number): Statistics {
  const entries = Object.entries(statistics).map(([key, value]: [string, unknown]) => {
    if (typeof value !== 'number' || WITHOUT_UNIT.has(key)) return [key, value]
    return [key, value * (key === 'variance' ? factor ** 2 : factor)]
  })
  return Object.fromEntries(entries)
}

/**
 * What this package adds to Vitest's types.
 * @module
 */
import type { Workload } from '../dsl/workload.ts'
import type { WorkloadSpec } from '../dsl/workload-spec.ts'
import type { PROVIDED_KEY, ProvidedSettings } from '../files/provided.ts'
import type { LlmBenchMeta, RUN_ARTIFACT, RunReport } from '../files/run-report.ts'
import type { RunMetrics } from '../metrics/summary-types.ts'
import type { Hold } from '../verdict/hold-types.ts'
import type { SLO } from '../verdict/slo.ts'
import type { WorkloadResult } from './bench-result.ts'
import type { KeepAnswersOptions } from './to-keep-answers.ts'

declare module 'vitest' {
  interface Bench {
    <Name extends string, Spec extends WorkloadSpec>(name: Name, workload: Workload<Spec>): WorkloadRegistration<Name, Spec>
  }
  interface BenchResult {
    /** Figures of a workload; absent for an ordinary function. */
    readonly metrics?: RunMetrics
    /** Figures of every repeat of a workload so far. */
    readonly runs?: readonly RunMetrics[]
  }
  interface Matchers<R, T> {
    /**
     * Holds a workload's figures against thresholds; all breaches are reported together. Several sets of thresholds serve the
     * cases of a static batch.
     * @example expect(run).toMeetSLO({ ttft: { p99: '<= 200ms' }, outputTokensPerSecond: '>= 1500', successRate: '>= 99%' })
     */
    toMeetSLO(slo: SLO | readonly SLO[]): R
    /**
     * Holds a bench against the stored runs of its cohort: no figure may be worse by more than `within`. It is run again while that
     * decides nothing, up to the most of its `repeats`. Vitest's `-u` writes the baseline instead. Must be awaited.
     * @example await expect(run).toHoldBaseline({ outputTokensPerSecond: { within: '5%' }, 'ttft.p99': { within: '10%' } })
     */
    toHoldBaseline(hold?: Hold): Promise<void>
    /**
     * Holds a bench against another one of the same test: no figure may be worse by more than `within`. Both are run again while
     * that decides nothing, up to the most of their `repeats`. Must be awaited.
     * @example await expect(result.get('v2')).toHoldAgainst(result.get('v1'), { 'ttft.p99': { within: '10%' } })
     */
    toHoldAgainst(reference: BenchResult | WorkloadResult, hold?: Hold): Promise<void>
    /**
     * Holds the answers of a bench under greedy decoding against golden ones: a file that `-u` writes, or another bench of the test.
     * The workload needs `keepAnswers: true` and `temperature: 0`. Must be awaited.
     * @example await expect(run).toKeepAnswers('benchmarks/golden/chat.json', { allow: '1%' })
     */
    toKeepAnswers(golden: string | BenchResult, options?: KeepAnswersOptions): Promise<void>
  }
  interface TaskMeta {
    llmBench?: LlmBenchMeta
  }
  interface ProvidedContext {
    [PROVIDED_KEY]: ProvidedSettings
  }
  interface TestArtifactRegistry {
    [RUN_ARTIFACT]: RunArtifact
  }
}

/** A workload registered by `bench(name, workload)`. */
export interface WorkloadRegistration<Name extends string, Spec extends WorkloadSpec> {
  name: Name
  fn?: Workload<Spec>
  /** Runs the workload. */
  run(): Promise<WorkloadResult<Spec>>
}

/** How a run reaches the reporters. */
interface RunArtifact {
  type: typeof RUN_ARTIFACT
  report: RunReport
}

import { LlmBenchError } from '../errors.ts'
import type { WorkloadSpec } from './workload-spec.ts'

/** Marks a workload; registered globally, so that several copies of this package know each other's. */
export const WORKLOAD: unique symbol = Symbol.for('vitest-llm-bench.workload') as never

/** The form of the specs in this release; workloads of another release's copy are refused by it. */
const SPEC_VERSION = 1

/** A workload: its spec, in the shape of a function that Vitest's `bench(name, fn)` takes. Never called itself. */
export interface Workload<Spec extends WorkloadSpec = WorkloadSpec> {
  (): never
  readonly [WORKLOAD]: { readonly version: number; readonly spec: Spec }
}

/** Brands a spec as a workload. */
export function workload<Spec extends WorkloadSpec>(spec: Spec): Workload<Spec> {
  const call = (): never => {
    throw new LlmBenchError(
      'USAGE',
      `${spec.kind}() is a workload and not a function to call: pass it to Vitest's bench() inside a test of a *.bench.ts file, ` +
        `\`await bench('name', ${spec.kind}({ … })).run()\`, run it by \`vitest bench\`, and have \`plugins: [llmBench()]\` in vitest.config.ts ` +
        `(import { llmBench } from 'vitest-llm-bench/plugin'); with \`test.projects\`, each project needs it, or \`extends: true\`.`,
    )
  }
  return Object.assign(call, { [WORKLOAD]: { version: SPEC_VERSION, spec } })
}

/**
 * The spec of a workload; undefined for any other value.
 * @throws {LlmBenchError} `USAGE` where another release of this package made the workload
 */
export function specOf(value: unknown): WorkloadSpec | undefined {
  if (typeof value !== 'function' || !(WORKLOAD in value)) return undefined
  const { version, spec } = (value as Workload)[WORKLOAD]
  if (version !== SPEC_VERSION) {
    throw new LlmBenchError(
      'USAGE',
      `${spec.kind}() comes from another release of vitest-llm-bench (spec version ${version}, the plugin has ${SPEC_VERSION}): ` +
        'install one copy only (`npm ls vitest-llm-bench` shows them, `npm dedupe` may do).',
    )
  }
  return spec
}

import type { EngineSpec } from '../dsl/engines.ts'
import { llama } from '../dsl/engines.ts'
import { embedded, openai } from '../dsl/targets.ts'
import type { OpenAITargetSpec, TargetSpec } from '../dsl/targets.ts'
import { needsEngine } from '../dsl/workload-spec.ts'
import type { WorkloadSpec } from '../dsl/workload-spec.ts'
import type { ProvidedSettings } from '../files/provided.ts'

/** What a workload will be run on, and how it came to that. */
export type Subject =
  | { readonly kind: 'target'; readonly target: TargetSpec; readonly note?: string }
  | { readonly kind: 'engine'; readonly engine: EngineSpec; readonly note?: string }

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Finds a workload's target or engine: its own option, the plugin's, the environment (`LLM_BENCH_BASE_URL` with
 * `LLM_BENCH_MODEL` and `LLM_BENCH_API_KEY`, else `OPENAI_BASE_URL` with `OPENAI_API_KEY`), the embedded default. A base URL
 * in the environment never applies to workloads that need an engine.
 */
export function resolveSubject(spec: WorkloadSpec, settings: Pick<ProvidedSettings, 'target' | 'engine'>, env: Environment): Subject {
  if (needsEngine(spec)) {
    const engine = spec.engine ?? settings.engine
    if (engine !== undefined) return { kind: 'engine', engine }
    return { kind: 'engine', engine: llama(), note: 'No engine is named: this is llama.cpp with the tiny generated model.' }
  }
  if (spec.engine !== undefined) return { kind: 'engine', engine: spec.engine }
  const target = spec.target ?? settings.target ?? targetFromEnvironment(env)
  if (target !== undefined) return { kind: 'target', target }
  return { kind: 'target', target: embedded(), note: 'No target is named: this is the embedded engine with the tiny generated model.' }
}

function targetFromEnvironment(env: Environment): OpenAITargetSpec | undefined {
  const own = env['LLM_BENCH_BASE_URL']
  const baseURL = own || env['OPENAI_BASE_URL']
  if (!baseURL) return undefined
  // The one server's key is never sent to the other.
  const apiKey = own ? env['LLM_BENCH_API_KEY'] : env['OPENAI_API_KEY']
  const model = own ? env['LLM_BENCH_MODEL'] : undefined
  return openai({ baseURL, ...(apiKey ? { apiKey } : {}), ...(model ? { model } : {}) })
}

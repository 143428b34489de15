import type { EngineSpec } from '../dsl/engines.ts'
import type { Engine, EngineNeeds, LoadContext } from './engine.ts'

/**
 * Loads the engine that a spec describes.
 * @param needs what the workload wants of it
 * @throws {LlmBenchError} `ENGINE` where it can't be loaded; `CANCELLED` where the signal aborts
 */
export async function loadEngine(spec: EngineSpec, needs: EngineNeeds, context: LoadContext): Promise<Engine> {
  if (spec.kind === 'llama') {
    const { loadLlama } = await import('./llama/llama-engine.ts')
    return loadLlama(spec, needs, context)
  }
  const { loadPythonEngine } = await import('./python/python-engine.ts')
  return loadPythonEngine(spec, needs, context)
}

import type { EngineSpec } from '../dsl/engines.ts'
import type { Engine } from './engine.ts'
import { loadLlama } from './llama/llama-engine.ts'
import type { EngineNeeds } from './llama/llama-engine.ts'

const LOADERS: { [Kind in EngineSpec['kind']]: (spec: EngineSpec & { kind: Kind }, needs: EngineNeeds, root: string) => Promise<Engine> } =
  {
    llama: loadLlama,
  }

/**
 * Loads the engine that a spec describes.
 * @param needs what the workload wants of it
 * @param root absolute folder that relative paths resolve against
 * @throws {LlmBenchError} `ENGINE` where it can't be loaded
 */
export function loadEngine(spec: EngineSpec, needs: EngineNeeds, root: string): Promise<Engine> {
  return LOADERS[spec.kind](spec, needs, root)
}

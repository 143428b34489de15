import type { EngineSpec } from '../dsl/engines.ts'
import type { Engine } from './engine.ts'
import { loadLlama } from './llama/llama-engine.ts'
import type { EngineNeeds } from './llama/llama-engine.ts'

type Load<Spec> = (spec: Spec, needs: EngineNeeds, root: string, signal?: AbortSignal) => Promise<Engine>

const LOADERS: { [Kind in EngineSpec['kind']]: Load<EngineSpec & { kind: Kind }> } = {
  llama: loadLlama,
}

/**
 * Loads the engine that a spec describes.
 * @param needs what the workload wants of it
 * @param root absolute folder that relative paths resolve against
 * @param signal breaks loading off
 * @throws {LlmBenchError} `ENGINE` where it can't be loaded; `CANCELLED` where the signal aborts
 */
export function loadEngine(spec: EngineSpec, needs: EngineNeeds, root: string, signal?: AbortSignal): Promise<Engine> {
  return LOADERS[spec.kind](spec, needs, root, signal)
}

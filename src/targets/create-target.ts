import type { LiveTargetSpec } from '../dsl/targets.ts'
import { createCustomTarget } from './custom-target.ts'
import { httpTarget } from './http-target.ts'
import { amsv2Protocol } from './protocols/amsv2.ts'
import { fastdeployProtocol } from './protocols/fastdeploy.ts'
import { lightllmProtocol } from './protocols/lightllm.ts'
import { llamacppProtocol } from './protocols/llamacpp.ts'
import { lmdeployProtocol } from './protocols/lmdeploy.ts'
import { ollamaProtocol } from './protocols/ollama.ts'
import { openaiProtocol } from './protocols/openai/protocol.ts'
import { sglangProtocol } from './protocols/sglang.ts'
import { tgiProtocol } from './protocols/tgi.ts'
import { tritonProtocol } from './protocols/triton.ts'
import { createPplTarget } from './ppl/load.ts'
import type { MakeTarget, Target, TargetContext } from './target.ts'

/** Targets by the `kind` of their spec: a further wire protocol is one entry more. */
const TARGETS: { readonly [Kind in LiveTargetSpec['kind']]: MakeTarget<Extract<LiveTargetSpec, { kind: Kind }>> } = {
  openai: httpTarget(openaiProtocol),
  fastdeploy: httpTarget(fastdeployProtocol),
  lightllm: httpTarget(lightllmProtocol),
  amsv2: httpTarget(amsv2Protocol),
  sglang: httpTarget(sglangProtocol),
  lmdeploy: httpTarget(lmdeployProtocol),
  tgi: httpTarget(tgiProtocol),
  triton: httpTarget(tritonProtocol),
  llamacpp: httpTarget(llamacppProtocol),
  ollama: httpTarget(ollamaProtocol),
  ppl: createPplTarget,
  custom: createCustomTarget,
}

/**
 * Makes the target that a spec asks for; nothing is sent yet.
 * @throws {LlmBenchError} `INVALID_OPTION` where the spec holds what its protocol can't carry; `TARGET` for a module of the user's
 *   that is missing or no target, and for a package that is not installed
 */
export async function createTarget(spec: LiveTargetSpec, context: TargetContext): Promise<Target> {
  const make = TARGETS[spec.kind] as MakeTarget<LiveTargetSpec>
  return make(spec, context)
}

import type { LiveTargetSpec } from '../dsl/targets.ts'
import { httpTarget } from './http-target.ts'
import { openaiProtocol } from './protocols/openai/protocol.ts'
import type { Target, TargetContext } from './target.ts'

type Makers = {
  readonly [Kind in LiveTargetSpec['kind']]: (
    spec: Extract<LiveTargetSpec, { kind: Kind }>,
    context: TargetContext,
  ) => Target | Promise<Target>
}

/** Targets by the `kind` of their spec: a further wire protocol is one entry more. */
const TARGETS: Makers = {
  openai: httpTarget(openaiProtocol),
}

/**
 * Makes the target that a spec asks for; nothing is sent yet.
 * @throws {LlmBenchError} `INVALID_OPTION` where the spec holds what its protocol can't carry
 */
export async function createTarget(spec: LiveTargetSpec, context: TargetContext): Promise<Target> {
  return TARGETS[spec.kind](spec, context)
}

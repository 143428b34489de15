import type { OpenAITargetSpec } from '../dsl/targets.ts'
import { createOpenAITarget } from './openai/target.ts'
import type { Target, TargetContext } from './target.ts'

/** Targets by the `kind` of their spec: a further wire protocol is one entry more. */
const TARGETS: {
  readonly [Kind in LiveTargetSpec['kind']]: (spec: Extract<LiveTargetSpec, { kind: Kind }>, context: TargetContext) => Target
} = {
  openai: createOpenAITarget,
}

/** A target that is reached over a wire. */
export type LiveTargetSpec = OpenAITargetSpec

/**
 * Makes the target that a spec asks for; nothing is sent yet.
 * @throws {LlmBenchError} `INVALID_OPTION` where the spec holds what its protocol can't carry
 */
export function createTarget(spec: LiveTargetSpec, context: TargetContext): Target {
  return TARGETS[spec.kind](spec, context)
}

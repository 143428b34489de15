import type { PplTargetSpec } from '../../dsl/ppl-target.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'
import type { Target, TargetContext } from '../target.ts'
import type * as PplModule from './target.ts'

const INSTALL = 'npm install -D @grpc/grpc-js@1.14 protobufjs@7'

/**
 * A live ppl.llm.serving server. Its packages are optional peers, loaded here.
 * @throws {LlmBenchError} `TARGET` where they are missing; `INVALID_OPTION` for metadata that gRPC can't carry
 */
export async function createPplTarget(spec: PplTargetSpec, context: TargetContext): Promise<Target> {
  const { PplTarget } = await importModule()
  return new PplTarget(spec, context)
}

async function importModule(): Promise<typeof PplModule> {
  try {
    return await import('./target.ts')
  } catch (error) {
    throw new LlmBenchError(
      'TARGET',
      `ppl() needs the packages @grpc/grpc-js and protobufjs, which can't be loaded: install them by \`${INSTALL}\`. (${messageOf(error)})`,
      { cause: error },
    )
  }
}

import type { EmbeddedTargetSpec } from '../../dsl/targets.ts'
import type { ServedHere } from '../run-child.ts'
import type { StartOptions } from '../start-child.ts'
import { serve } from './http-server.ts'
import { loadService } from './service.ts'

/**
 * Loads the embedded engine and serves it from this process, on the loopback address.
 * @throws {LlmBenchError} `ENGINE`
 */
export async function serveEmbedded(spec: EmbeddedTargetSpec, options: StartOptions): Promise<ServedHere> {
  const service = await loadService(spec, options.root)
  const server = await serve(service, spec.apiKey, options.port)
  const { model, version, tokenizer } = service
  return {
    report: { port: server.port, model, version, tokenizer },
    close: async () => {
      await server.close()
      await service.close()
    },
  }
}

import type { EmbeddedTargetSpec } from '../../dsl/targets.ts'
import type { ServedHere } from '../run-child.ts'
import { serve } from './http-server.ts'
import { loadService } from './service.ts'

/**
 * Loads the embedded engine and serves it from this process, on the loopback address.
 * @param options.port 0 or left out: a free one
 * @param options.root absolute folder that a relative model path resolves against
 * @throws {LlmBenchError} `ENGINE`
 */
export async function serveEmbedded(spec: EmbeddedTargetSpec, options: { port?: number; root: string }): Promise<ServedHere> {
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

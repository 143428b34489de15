import { dirname } from 'node:path'
import { ensureTinyModel } from '../../src/engines/llama/tiny-model.ts'
import { startRealServer } from './real-server.ts'
import type { RealServer } from './real-server.ts'

/** Command that starts llama.cpp's own server, words split at spaces, e.g. `llama-server`. */
export const LLAMA_SERVER = process.env['LLM_BENCH_LLAMA_SERVER']

export interface LlamaServer extends RealServer {
  /** The server's own count of generated tokens. */
  predictedTokens(): Promise<number>
}

/** Starts llama-server with the tiny model on a free loopback port. */
export async function startLlamaServer(): Promise<LlamaServer> {
  const { gguf } = await ensureTinyModel()
  const argsFor = (port: number): string[] => {
    const where = ['-m', gguf, '--host', '127.0.0.1', '--port', String(port)]
    return where.concat(['-c', '16384', '-np', '8', '-t', '1', '-tb', '1', '--metrics', '--offline', '-fa', 'off'])
  }
  const server = await startRealServer(LLAMA_SERVER!, argsFor, [dirname(gguf)])
  return {
    ...server,
    async predictedTokens() {
      const metrics = await (await fetch(`${server.baseURL}/metrics`)).text()
      return Number(/^llamacpp:tokens_predicted_total (\S+)/m.exec(metrics)![1])
    },
  }
}

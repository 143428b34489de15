import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { ensureTinyModel } from '../../src/engines/llama/tiny-model.ts'

/** Command that starts llama.cpp's own server, words split at spaces, e.g. `llama-server`. */
export const LLAMA_SERVER = process.env['LLM_BENCH_LLAMA_SERVER']

export interface RealServer {
  readonly baseURL: string
  /** The server's own count of generated tokens. */
  predictedTokens(): Promise<number>
  close(): Promise<void>
}

/** Starts llama-server with the tiny model on a free loopback port. */
export async function startLlamaServer(): Promise<RealServer> {
  const { gguf } = await ensureTinyModel()
  const port = await freePort()
  const [command, ...args] = LLAMA_SERVER!.split(' ')
  const options = ['-m', gguf, '--host', '127.0.0.1', '--port', String(port), '-c', '16384', '-np', '8', '-t', '1', '-tb', '1']
  const child = spawn(command!, [...args, ...options, '--metrics', '--offline', '-fa', 'off'], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, BIND: gguf.slice(0, gguf.lastIndexOf('/')) },
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const baseURL = `http://127.0.0.1:${port}`
  const kill = (): void => {
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }
  const close = async (): Promise<void> => {
    kill()
    await exited
  }
  process.once('exit', kill)
  for (let tries = 0; ; tries++) {
    const ready = await fetch(`${baseURL}/health`).then(
      (response) => response.ok,
      () => false,
    )
    if (ready) break
    if (tries > 300 || child.exitCode !== null) {
      await close()
      throw new Error(`llama-server did not get ready: ${LLAMA_SERVER}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    baseURL,
    async predictedTokens() {
      const metrics = await (await fetch(`${baseURL}/metrics`)).text()
      return Number(/^llamacpp:tokens_predicted_total (\S+)/m.exec(metrics)![1])
    },
    close,
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

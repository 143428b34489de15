import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

export interface RealServer {
  readonly baseURL: string
  close(): Promise<void>
}

/** A busy machine takes its time to import PyTorch. */
const READY_MS = 170_000

/**
 * Starts somebody else's server on a free loopback port and waits until it is healthy.
 * @param command words split at spaces
 * @param argsFor its further arguments, given the port
 * @param folders that it reads; a command in a root of its own finds them in `BIND`
 */
export async function startRealServer(
  command: string,
  argsFor: (port: number) => string[],
  folders: readonly string[],
): Promise<RealServer> {
  const port = await freePort()
  const [file, ...args] = command.split(' ')
  const child = spawn(file!, [...args, ...argsFor(port)], {
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, BIND: folders.join(' ') },
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
  const deadline = performance.now() + READY_MS
  for (;;) {
    const ready = await fetch(`${baseURL}/health`).then(
      (response) => response.ok,
      () => false,
    )
    if (ready) return { baseURL, close }
    if (performance.now() > deadline || child.exitCode !== null) {
      await close()
      throw new Error(`the server did not get ready: ${command}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

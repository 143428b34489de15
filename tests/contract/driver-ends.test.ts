// A driver ends with whoever started it, in whatever way that ends.
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { paddle, vllm } from '../../src/dsl/python-engines.ts'
import type { PythonEngineSpec } from '../../src/dsl/python-engines.ts'
import { common, HAS_PYTHON } from './engines/stand-ins.ts'
import { newMark, processesWith } from './marked-processes.ts'

const WAIT_MS = 20_000
const mark = newMark()

/** Starts a driver as the package does: in a group of its own. */
function start(kind: string, env: Record<string, string> = {}): ChildProcessByStdio<Writable, Readable, null> {
  const script = fileURLToPath(new URL(`../../src/engines/python/drivers/${kind}_driver.py`, import.meta.url))
  const child = spawn('python3', ['-B', script], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...common.env, ...env, ...mark },
  })
  child.stdin.on('error', () => {})
  onTestFinished(async () => {
    for (const id of await processesWith(mark)) process.kill(id, 'SIGKILL')
  })
  return child
}

const line = (...commands: object[]): string => `${JSON.stringify(commands)}\n`
const load = (spec: PythonEngineSpec): string => line({ type: 'load', spec, needs: { use: 'generate', contextLength: 64 } })
/** Resolves when the driver has told that its model is there: from then on it waits for commands. */
function loaded(reports: Readable): Promise<void> {
  return new Promise((resolve) => {
    createInterface({ input: reports }).on('line', (report) => report.includes('"loaded"') && resolve())
  })
}

const gone = (): Promise<unknown> => vi.waitFor(async () => expect(await processesWith(mark)).toEqual([]), WAIT_MS)

describe.skipIf(!HAS_PYTHON)('a driver that is idle', () => {
  test.for([
    ['vllm', vllm(common)],
    ['paddle', paddle({ ...common, tensorParallelSize: 2 })],
  ] as const)('ends where a command breaks off in the middle: %s', async ([kind, spec]) => {
    const child = start(kind)
    child.stdin.write(load(spec))
    await loaded(child.stdout)
    child.stdin.end('[{"type":"generate","id":1,"requ')
    await gone()
  })

  test('ends where the connection of its first rank is reset', async () => {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    start('paddle', {
      LLM_BENCH_RANK_ADDRESS: `${(server.address() as AddressInfo).port} token`,
      PADDLE_TRAINER_ID: '0',
      PADDLE_TRAINERS_NUM: '1',
    })
    const [socket] = (await once(server, 'connection')) as [Socket]
    socket.write(load(paddle(common)))
    await loaded(socket)
    socket.resetAndDestroy()
    await gone()
  })
})

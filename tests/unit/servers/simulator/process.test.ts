import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test, vi } from 'vitest'
import { simulator } from '../../../../src/dsl/simulator.ts'
import { ServerRegistry } from '../../../../src/servers/registry.ts'
import { startSimulator } from '../../../../src/servers/simulator/start.ts'
import { PATIENCE_MS } from '../../../patience.ts'

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test.for(['close', 'SIGTERM'] as const)('Ctrl-C does not end it; %s does, and what is open then stands in the log', async (way) => {
  const root = await mkdtemp(join(tmpdir(), 'simulator-'))
  onTestFinished(() => rm(root, { recursive: true }))
  const server = await startSimulator(simulator({ ttft: 1, itl: '1h', truthLog: 'truth.log' }), { root })
  expect(server).toMatchObject({ kind: 'simulator', model: 'simulator', version: expect.stringMatching(/^simulator \d/) as string })
  process.kill(server.pid, 'SIGINT')
  const body = JSON.stringify({ prompt: '#id=5', max_tokens: 9, stream: true })
  const response = await fetch(`${server.baseURL}/completions`, { method: 'POST', body })
  await response.body!.getReader().read()
  if (way === 'close') await server.close()
  else process.kill(server.pid, way)
  expect(await server.exited).toMatchObject({ code: 0, signal: null })
  expect(await readFile(join(root, 'truth.log'), 'utf8')).toMatch(/^5 \d+ \d+ \d+ 1\n$/)
})

test('it ends when its parent is killed, with a request in flight', async () => {
  const parent = spawn(process.execPath, [new URL('../simulator-parent.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  const pid = Number(line)
  expect(alive(pid)).toBe(true)
  parent.kill('SIGKILL')
  await vi.waitFor(() => expect(alive(pid)).toBe(false), PATIENCE_MS)
})

test('what it does to be warm when it is ready is in none of its accounts', async () => {
  const server = await startSimulator(simulator({}), { root: tmpdir() })
  onTestFinished(() => server.close())
  const { origin } = new URL(server.baseURL)
  expect(await (await fetch(`${origin}/simulator/stats`)).json()).toMatchObject({ requests: 0, sendDelayMs: { count: 0 } })
  expect(await (await fetch(`${origin}/simulator/truth`)).text()).toBe('')
})

test('one that can not start says why', async () => {
  await expect(startSimulator(simulator({ truthLog: 'no/such/folder/t' }), { root: tmpdir() })).rejects.toMatchObject({
    code: 'SERVER',
    message: expect.stringMatching(/simulator server can't start: simulator\(\): `truthLog` can't be written/) as string,
  })
})

test('a run has one for each distinct spec', async () => {
  const servers = new ServerRegistry({ root: tmpdir(), logFile: () => '', onStarting: () => {} })
  onTestFinished(() => servers.close())
  const [a, same, other] = await Promise.all([{}, {}, { ttft: 1 }].map((options) => servers.acquire(simulator(options))))
  expect(same!.pid).toBe(a!.pid)
  expect(other!.pid).not.toBe(a!.pid)
})

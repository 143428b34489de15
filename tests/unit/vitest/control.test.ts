import { existsSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { embedded } from '../../../src/dsl/targets.ts'
import { LlmBenchError } from '../../../src/errors.ts'
import type { RunningServer } from '../../../src/servers/server.ts'
import { ControlClient } from '../../../src/vitest/control-client.ts'
import { lineReader } from '../../../src/vitest/control-protocol.ts'
import { ControlServer } from '../../../src/vitest/control-server.ts'

const server = { baseURL: 'http://127.0.0.1:1/v1', model: 'tiny', version: '1' } as RunningServer

test('a test process gets the address of the server that the plugin starts', async () => {
  const control = await ControlServer.listen({ acquireServer: async () => server, progress: () => undefined })
  onTestFinished(() => control.close())
  const client = new ControlClient(control.path)
  const answers = await Promise.all([client.acquireServer(embedded()), client.acquireServer(embedded({ parallel: 2 }))])
  expect(answers.map(({ baseURL }) => baseURL)).toEqual([server.baseURL, server.baseURL])
})

test('a server that does not start is an error with its code', async () => {
  const control = await ControlServer.listen({
    acquireServer: () => Promise.reject(new LlmBenchError('ENGINE', 'no such model')),
    progress: () => undefined,
  })
  onTestFinished(() => control.close())
  await expect(new ControlClient(control.path).acquireServer(embedded())).rejects.toMatchObject({
    code: 'ENGINE',
    message: 'no such model',
  })
})

test('progress reaches the plugin, its end included', async () => {
  const progress = vi.fn()
  const control = await ControlServer.listen({ acquireServer: async () => server, progress })
  onTestFinished(() => control.close())
  const client = new ControlClient(control.path)
  const running = { phase: 'running', started: 1, completed: 0, failed: 0, unit: 'requests', outputTokens: 0, elapsedSeconds: 1 } as const
  client.showProgress('b', running)
  client.showProgress('b', undefined)
  await vi.waitFor(() =>
    expect(progress.mock.calls).toEqual([
      ['b', running],
      ['b', undefined],
    ]),
  )
})

test('a plugin that is gone is a clear error, and lost progress none', async () => {
  const control = await ControlServer.listen({ acquireServer: async () => server, progress: () => undefined })
  await control.close()
  expect(existsSync(control.path)).toBe(false)
  const client = new ControlClient(control.path)
  client.showProgress('b', undefined)
  await expect(client.acquireServer(embedded())).rejects.toThrow('control socket')
})

test('lines are whole however the bytes are cut', () => {
  const messages: unknown[] = []
  const read = lineReader((message) => messages.push(message))
  for (const piece of ['{"a"', ':1}\n{"b":2}', '\n', '\n{"c":3}\n{"d"']) read(piece)
  expect(messages).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }])
})

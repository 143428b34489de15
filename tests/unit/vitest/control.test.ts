import { existsSync } from 'node:fs'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Mock } from 'vitest'
import { embedded, openai } from '../../../src/dsl/targets.ts'
import { LlmBenchError } from '../../../src/errors.ts'
import type { ServerLease } from '../../../src/servers/registry.ts'
import type { ServerExit } from '../../../src/servers/server.ts'
import { ControlClient } from '../../../src/vitest/control-client.ts'
import { lineReader } from '../../../src/vitest/control-protocol.ts'
import { ControlServer } from '../../../src/vitest/control-server.ts'
import { PATIENCE_MS } from '../../patience.ts'

const never = new AbortController().signal
const target = openai({ baseURL: 'http://127.0.0.1:1/v1' })

/** A lease, and who ends it or its server. */
function leased(): { lease: ServerLease; released: Mock<() => void>; end: (exit: ServerExit) => void } {
  const { promise: exited, resolve: end } = Promise.withResolvers<ServerExit>()
  const released = vi.fn<() => void>()
  return { lease: { name: 's', target, version: '1', notes: [], pid: 1, exited, release: released }, released, end }
}

function plugin(acquireServer: () => Promise<ServerLease>): Promise<ControlServer> {
  return ControlServer.listen({ acquireServer, progress: () => undefined })
}

test('a test process gets the address of the server that the plugin starts', async () => {
  const control = await plugin(async () => leased().lease)
  onTestFinished(() => control.close())
  const client = new ControlClient(control.path)
  const answers = await Promise.all([client.acquireServer(embedded(), never), client.acquireServer(embedded({ parallel: 2 }), never)])
  expect(answers.map(({ address }) => address.target)).toEqual([target, target])
})

test('a server is released when the bench has done with it, and when its process is gone', async () => {
  const leases = [leased(), leased()]
  let asked = 0
  const control = await plugin(async () => leases[asked++]!.lease)
  onTestFinished(() => control.close())
  const client = new ControlClient(control.path)
  const server = await client.acquireServer(embedded(), never)
  expect(leases[0]!.released).not.toHaveBeenCalled()
  expect(await server.release(false)).toBeUndefined()
  expect(leases[0]!.released).toHaveBeenCalledOnce()
  await client.acquireServer(embedded(), never)
  await control.close()
  await vi.waitFor(() => expect(leases[1]!.released).toHaveBeenCalledOnce(), PATIENCE_MS)
})

test('the end of a server reaches the bench that uses it, before or after the bench has noticed', async () => {
  const exit = { code: 1, signal: null, log: ['out of memory'] }
  const leases = [leased(), leased()]
  let asked = 0
  const control = await plugin(async () => leases[asked++]!.lease)
  onTestFinished(() => control.close())
  const client = new ControlClient(control.path)
  const first = await client.acquireServer(embedded(), never)
  leases[0]!.end(exit)
  await vi.waitFor(() => expect(first.lost.aborted).toBe(true), PATIENCE_MS)
  expect(await first.release(true)).toEqual(exit)
  const second = await client.acquireServer(embedded(), never)
  const released = second.release(true)
  leases[1]!.end(exit)
  expect(await released).toEqual(exit)
})

test('waiting for a server can be given up; it is released when it comes', async () => {
  const { lease, released } = leased()
  const { promise: started, resolve: start } = Promise.withResolvers<ServerLease>()
  const control = await plugin(() => started)
  onTestFinished(() => control.close())
  const cancel = new AbortController()
  const waiting = new ControlClient(control.path).acquireServer(embedded(), cancel.signal)
  cancel.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
  start(lease)
  await vi.waitFor(() => expect(released).toHaveBeenCalledOnce(), PATIENCE_MS)
})

test('a server that does not start is an error with its code', async () => {
  const control = await ControlServer.listen({
    acquireServer: () => Promise.reject(new LlmBenchError('ENGINE', 'no such model')),
    progress: () => undefined,
  })
  onTestFinished(() => control.close())
  await expect(new ControlClient(control.path).acquireServer(embedded(), never)).rejects.toMatchObject({
    code: 'ENGINE',
    message: 'no such model',
  })
})

test('progress reaches the plugin, its end included', async () => {
  const progress = vi.fn()
  const control = await ControlServer.listen({ acquireServer: async () => leased().lease, progress })
  onTestFinished(() => control.close())
  const client = new ControlClient(control.path)
  const running = { phase: 'running', started: 1, completed: 0, failed: 0, unit: 'requests', outputTokens: 0, elapsedSeconds: 1 } as const
  client.showProgress('b', running, 'run 2 of 3')
  client.showProgress('b', undefined)
  await vi.waitFor(
    () =>
      expect(progress.mock.calls).toEqual([
        ['b', running, 'run 2 of 3'],
        ['b', undefined, undefined],
      ]),
    PATIENCE_MS,
  )
})

test('a plugin that is gone is a clear error, and lost progress none', async () => {
  const control = await ControlServer.listen({ acquireServer: async () => leased().lease, progress: () => undefined })
  await control.close()
  expect(existsSync(control.path)).toBe(false)
  const client = new ControlClient(control.path)
  client.showProgress('b', undefined)
  await expect(client.acquireServer(embedded(), never)).rejects.toThrow('control socket')
})

test('lines are whole however the bytes are cut', () => {
  const messages: unknown[] = []
  const read = lineReader((message) => messages.push(message))
  for (const piece of ['{"a"', ':1}\n{"b":2}', '\n', '\n{"c":3}\n{"d"']) read(piece)
  expect(messages).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }])
})

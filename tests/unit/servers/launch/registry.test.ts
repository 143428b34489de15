// Who may run beside whom, with real servers.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { newLogFile } from '../../../../src/files/results.ts'
import { ServerRegistry } from '../../../../src/servers/registry.ts'
import { processesUsing } from '../../../e2e/processes.ts'
import { PATIENCE_MS } from '../../../patience.ts'
import { standIn, temporaryFolder } from './stand-in.ts'

function registry(folder: string, onStarting: () => void = () => {}): ServerRegistry {
  const servers = new ServerRegistry({ root: folder, logFile: (name) => newLogFile(folder, name), onStarting })
  onTestFinished(() => servers.close())
  return servers
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('equal specs share a server, others run beside it, each with a log of its own; all end with the run', async () => {
  const folder = temporaryFolder()
  const onStarting = vi.fn<() => void>()
  const servers = registry(folder, onStarting)
  const [a, same, other] = await Promise.all([[], [], ['print=other']].map((words) => servers.acquire(standIn(words))))
  expect(same!.pid).toBe(a!.pid)
  expect(other!.pid).not.toBe(a!.pid)
  expect(readdirSync(join(folder, 'servers')).toSorted()).toEqual(['stand-in-2.log', 'stand-in.log'])
  expect(onStarting.mock.calls[0]).toEqual(['stand-in', { seconds: expect.any(Number) as number, line: undefined }])
  expect(onStarting.mock.lastCall).toEqual(['stand-in', undefined])
  await servers.close()
  expect(await processesUsing(folder)).toEqual([])
})

test('an exclusive server waits for the benches of the other, which ends then', async () => {
  const folder = temporaryFolder()
  const servers = registry(folder)
  const first = await servers.acquire(standIn())
  const second = servers.acquire(standIn(['print=second'], { exclusive: true }))
  // Who comes later waits behind: else it would be passed by for ever.
  const again = servers.acquire(standIn())
  const order: string[] = []
  void second.then(() => order.push('second'))
  void again.then(() => order.push('again'))
  expect(await Promise.race([second, new Promise((resolve) => setImmediate(resolve, 'waits'))])).toBe('waits')
  expect(alive(first.pid)).toBe(true)
  first.release()
  const next = await second
  const { pid } = next
  expect(alive(first.pid)).toBe(false)
  expect(alive(pid)).toBe(true)
  next.release()
  const third = await again
  expect(alive(pid)).toBe(false)
  expect(third.pid).not.toBe(first.pid)
  expect(order).toEqual(['second', 'again'])
})

test('one that has died is started anew', async () => {
  const servers = registry(temporaryFolder())
  const first = await servers.acquire(standIn())
  process.kill(first.pid, 'SIGKILL')
  await first.exited
  const second = await servers.acquire(standIn())
  expect(second.pid).not.toBe(first.pid)
})

test('the end of the run does not wait for a server that is not ready', async () => {
  const folder = temporaryFolder()
  const servers = registry(folder)
  const starting = expect(servers.acquire(standIn(['slow=never']))).rejects.toMatchObject({ code: 'CANCELLED' })
  await vi.waitFor(async () => expect(await processesUsing(folder)).not.toEqual([]), PATIENCE_MS)
  await servers.close()
  await starting
  expect(await processesUsing(folder)).toEqual([])
})

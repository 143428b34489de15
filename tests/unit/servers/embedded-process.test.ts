import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test, vi } from 'vitest'
import { embedded } from '../../../src/dsl/targets.ts'
import { startEmbedded } from '../../../src/servers/embedded/start.ts'
import { post } from './openai-client.ts'

const ROOT = import.meta.dirname

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a key is asked for everywhere but at /health; Ctrl-C does not end the server, close does', async () => {
  const server = await startEmbedded(embedded({ apiKey: 'secret', contextSize: 256, parallel: 2 }), { root: ROOT })
  try {
    process.kill(server.pid, 'SIGINT')
    const body = { prompt: 'the', max_tokens: 1 }
    const refused = await post(server, '/completions', body)
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ error: { code: 'invalid_api_key' } })
    expect((await fetch(`${server.baseURL}/models`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401)
    expect((await post(server, '/completions', body, { headers: { authorization: 'Bearer secret' } })).status).toBe(200)
    expect((await fetch(server.baseURL.replace(/v1$/, 'health'))).status).toBe(200)
  } finally {
    await server.close()
  }
  expect(await server.exited).toMatchObject({ code: 0, signal: null })
  expect(alive(server.pid)).toBe(false)
})

test('the server ends when its parent is killed, with a request in flight', async () => {
  const parent = spawn(process.execPath, [new URL('./embedded-parent.ts', import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  const pid = Number(line)
  expect(alive(pid)).toBe(true)
  parent.kill('SIGKILL')
  await vi.waitFor(() => expect(alive(pid)).toBe(false), 8000)
})

test('a server that can not start says why', async () => {
  await expect(startEmbedded(embedded({ model: 'missing.gguf' }), { root: ROOT })).rejects.toMatchObject({
    code: 'SERVER',
    message: expect.stringMatching(/embedded server can't start: the model `missing\.gguf` can't be read: there is no file/) as string,
  })
})

test('a context too small for its sequences says why', async () => {
  await expect(startEmbedded(embedded({ contextSize: 64, parallel: 64 }), { root: ROOT })).rejects.toMatchObject({
    code: 'SERVER',
    message: expect.stringMatching(/`contextSize` \(64\).*`parallel` \(64\)/) as string,
  })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { embedded, openai } from '../../../src/dsl/targets.ts'
import { encodeTinyModel } from '../../../src/engines/llama/tiny-model.ts'
import { tinyVocabulary } from '../../../src/engines/llama/tiny-vocabulary.ts'
import { startClock } from '../../../src/metrics/clock.ts'
import { startEmbedded } from '../../../src/servers/embedded/start.ts'
import type { RunningServer } from '../../../src/servers/server.ts'
import { createTarget } from '../../../src/targets/create-target.ts'
import { PATIENCE_MS } from '../../patience.ts'
import { post } from './openai-client.ts'

const ROOT = import.meta.dirname

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe("a server of one's own model, with a key", () => {
  let folder: string
  let server: RunningServer
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'embedded-'))
    const vocabulary = tinyVocabulary()
    // The first byte of a character of three, and nothing else.
    const spoken = new Set([vocabulary.entries.findIndex(({ text }) => text === '<0xE2>')])
    await writeFile(join(folder, 'halves.gguf'), encodeTinyModel({ ...vocabulary, spoken }))
    server = await startEmbedded(embedded({ model: 'halves.gguf', apiKey: 'secret', contextSize: 256, parallel: 2 }), { root: folder })
  })
  afterAll(async () => {
    await server.close()
    await rm(folder, { recursive: true })
  })

  test('the key is asked for everywhere but at /health', async () => {
    const body = { prompt: 'the', max_tokens: 1 }
    const refused = await post(server, '/completions', body)
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ error: { code: 'invalid_api_key' } })
    expect((await fetch(`${server.baseURL}/models`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(401)
    expect((await post(server, '/completions', body, { headers: { authorization: 'Bearer secret' } })).status).toBe(200)
    expect((await fetch(server.baseURL.replace(/v1$/, 'health'))).status).toBe(200)
  })

  test.for([1, 2, 5])('%i tokens that make no whole character are visible all the same', async (maxTokens) => {
    const clock = startClock()
    const spec = openai({ baseURL: server.baseURL, model: server.model, apiKey: 'secret' })
    const target = await createTarget(spec, { clock, onTokens: () => {} })
    try {
      const request = { messages: [{ role: 'user' as const, content: 'x' }], maxTokens, n: 1, stream: true, keepText: true }
      const { error, usage, choices } = await target.send(request, new AbortController().signal)
      expect(error).toBeUndefined()
      expect(usage!.outputTokens).toBe(maxTokens)
      expect(choices[0]!.text).toMatch(/^\uFFFD+$/)
      expect(choices[0]!.chunks).toBe(Math.ceil(maxTokens / 4))
      expect(choices[0]!.firstTokenNs).toBeDefined()
    } finally {
      await target.close()
    }
  })
})

test('Ctrl-C does not end it, close does', async () => {
  const server = await startEmbedded(embedded({ contextSize: 256, parallel: 2 }), { root: ROOT })
  onTestFinished(() => server.close())
  process.kill(server.pid, 'SIGINT')
  expect((await fetch(server.baseURL.replace(/v1$/, 'health'))).status).toBe(200)
  await server.close()
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
  await vi.waitFor(() => expect(alive(pid)).toBe(false), PATIENCE_MS)
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

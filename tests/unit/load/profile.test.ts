// A server's own profile brackets the measured window.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openai } from '../../../src/dsl/targets.ts'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { clients } from '../../../src/dsl/workloads.ts'
import { runPlan } from '../../../src/load/run-plan.ts'
import type { RequestRecord } from '../../../src/metrics/record.ts'
import { PATIENCE_MS } from '../../patience.ts'

const CHUNK = {
  choices: [{ index: 0, delta: { content: 'a' }, finish_reason: 'length' }],
  usage: { prompt_tokens: 1, completion_tokens: 1 },
}

/** A server that notes what it is asked for, and how it answers for its profiler. */
async function serve(profileStatus = 200): Promise<{ baseURL: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    request.resume()
    if (request.method === 'POST') asked.push(request.url!)
    if (request.method === 'GET') response.end('{"data":[{"id":"m"}]}')
    // As SGLang answers it, and vLLM with nothing at all.
    else if (request.url!.endsWith('_profile')) response.writeHead(profileStatus, { 'content-type': 'text/html' }).end('Start profiling.')
    else response.writeHead(200, { 'content-type': 'text/event-stream' }).end(`data: ${JSON.stringify(CHUNK)}\n\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked }
}

function run(baseURL: string, signal: AbortSignal, duration?: number): Promise<RequestRecord> {
  const load = duration === undefined ? { requests: 2, warmup: 1 } : { duration }
  const { spec } = clients({ n: 1, rampUp: 0, maxTokens: 1, ...load })[WORKLOAD]
  const plan = {
    workload: spec,
    target: openai({ baseURL, profile: true }),
    root: tmpdir(),
    folder: tmpdir(),
    bench: 'b',
    workloadDigest: '',
  }
  return runPlan(plan, { onProgress: () => {}, signal }) as Promise<RequestRecord>
}

const never = new AbortController().signal

test('from after the warm-up to the end of the load', async () => {
  const { baseURL, asked } = await serve()
  const { notes } = await run(baseURL, never)
  const one = '/v1/chat/completions'
  expect(asked).toEqual([one, '/start_profile', one, one, '/stop_profile'])
  expect(notes).toContain('The server was profiled from the end of the warm-up to the end of the load, which slows it.')
})

test('it ends with a run that is cancelled', async () => {
  const { baseURL, asked } = await serve()
  const cancel = new AbortController()
  const running = run(baseURL, cancel.signal, 60)
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(3), PATIENCE_MS)
  cancel.abort()
  expect((await running).partial).toBe(true)
  expect(asked.at(0)).toBe('/start_profile')
  expect(asked.at(-1)).toBe('/stop_profile')
})

test('a server without a profiler is named before any load is sent', async () => {
  const { baseURL, asked } = await serve(404)
  await expect(run(baseURL, never)).rejects.toMatchObject({
    code: 'TARGET',
    message: expect.stringMatching(
      /can't be profiled: POST \/start_profile answered HTTP 404.*--profiler-config.*leave `profile` out/,
    ) as string,
  })
  expect(asked.filter((path) => path.endsWith('completions'))).toHaveLength(1)
})

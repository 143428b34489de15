// A run that can't come to anything ends early, as an error, and keeps what it measured.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { existsSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { project, readLatest, readSummary, runBench } from './run-vitest.ts'

const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`

/** Answers so many requests, and refuses those after them. */
async function serve(answers: number): Promise<string> {
  let asked = 0
  const server = createServer((request, response) => {
    if (request.method === 'GET') return response.end('{"data":[{"id":"m"}]}')
    request.resume()
    if (++asked > answers) return response.writeHead(503).end('{"error":{"message":"out of memory"}}')
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(event({ choices: [{ index: 0, delta: { content: 'a' } }] }))
    response.write(event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))
    return response.end('data: [DONE]\n\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('abortOn ends a hopeless run as an error, with files and reports marked as partial', async () => {
  const url = await serve(16)
  const folder = await project({
    'a.bench.ts': `
      import { test } from 'vitest'
      import { clients, openai } from 'vitest-llm-bench'
      test('t', async ({ bench }) => {
        const target = openai({ baseURL: '${url}' })
        await bench('doomed', clients({ n: 2, rampUp: 0, requests: 100000, target, warmup: 6, abortOn: { consecutive: 8 } })).run()
      })
    `,
  })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(1)
  expect(output).toContain('doomed was ended early: 8 requests in a row failed (abortOn.consecutive: 8); the last: HTTP 503: out of memory')
  expect(output).toContain('PARTIAL')
  const { tests } = await readSummary(folder)
  const [run] = tests[0]!.runs
  expect(run).toMatchObject({ partial: true, metrics: { completed: 10 } })
  expect(run!.notes).toContain('Warmed up by 6 requests before the clock, which no figure counts.')
  expect(existsSync(`${folder}/${run!.folder}/requests.parquet`)).toBe(true)
  expect(tests[0]!.errors[0]).toMatchObject({ cause: 'run', name: 'LlmBenchError' })
  const junit = await readLatest(folder, 'junit.xml')
  expect(junit).toMatch(/<error [^>]*ended early/)
  expect(junit).not.toContain('<failure')
})

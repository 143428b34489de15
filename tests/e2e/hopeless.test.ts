// A run that can't come to anything ends early, as an error, and keeps what it measured.
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { project, readLatest, readSummary, runBench } from './run-vitest.ts'
import { serveTokens } from './stand-in-server.ts'

test('abortOn ends a hopeless run as an error, with files and reports marked as partial', async () => {
  const url = await serveTokens((request) => request < 16)
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

// Runs whose client disturbed them: judged and marked, or not judged at all.
import { expect, test } from 'vitest'
import type { Summary } from '../../reporters/json/schema.ts'
import type { Finished } from './run-vitest.ts'
import { project, readLatest, readSummary, runBench } from './run-vitest.ts'
import { serveTokens } from './stand-in-server.ts'

async function judged(validity: string): Promise<Finished & { folder: string; summary: Summary; junit: string }> {
  const url = await serveTokens()
  const folder = await project({
    'a.bench.ts': `
      import { expect, test } from 'vitest'
      import { openai, requestRate } from 'vitest-llm-bench'
      test('t', async ({ bench }) => {
        const target = openai({ baseURL: '${url}' })
        const run = await bench('load', requestRate({ rate: 100, requests: 20, target, validity: ${validity} })).run()
        expect(run).toMeetSLO({ successRate: '>= 99%' })
        expect(run).not.toMeetSLO({ e2e: { p50: '<= 0.0001ms' } })
      })
    `,
  })
  const finished = await runBench(folder)
  return { ...finished, folder, summary: await readSummary(folder), junit: await readLatest(folder, 'junit.xml') }
}

// No schedule is kept to the nanosecond: which of the two it is, is up to the factor alone.
test('a client-bound run is judged by no assertion: an error, never a failure', async () => {
  const { exitCode, output, summary, junit } = await judged('{ lateness: 0, latenessShare: 0, boundFactor: 1 }')
  expect(exitCode, output).toBe(1)
  expect(output).toContain('CLIENT-BOUND')
  expect(output).toContain("load is client-bound, so that its figures are not the server's and nothing is judged")
  expect(output).toContain('a.bench.ts:7')
  const [test] = summary.tests
  expect(test).toMatchObject({ state: 'failed', verdicts: [], errors: [{ cause: 'run' }] })
  expect(test!.runs[0]).toMatchObject({ metrics: { completed: 20, client: { validity: 'client-bound' } } })
  expect(junit).toContain('<error ')
  expect(junit).not.toContain('<failure')
})

test('a degraded run is judged, and marked in every report', async () => {
  const { exitCode, output, summary, junit } = await judged(
    "{ lateness: '0.000001ms', latenessShare: 0, boundFactor: 1e12, lag: '60s', pause: '60s', rateShortfall: 1 }",
  )
  expect(exitCode, output).toBe(0)
  expect(output).toContain('DEGRADED')
  expect(output).toContain('later than scheduled')
  const [test] = summary.tests
  expect(test!.verdicts.map(({ state }) => state)).toEqual(['pass', 'pass'])
  expect(test!.runs[0]).toMatchObject({
    metrics: { client: { validity: 'degraded', reasons: [expect.stringContaining('later than scheduled')] } },
  })
  expect(junit.match(/name="client.validity" value="degraded"/g)).toHaveLength(3)
})

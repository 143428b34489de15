// What a newcomer sees: nothing but the plugin in the config, no target named anywhere.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { list, latest, project, readLatest, readSummary, runBench } from './run-vitest.ts'

const SUITE = `
  import { expect, test } from 'vitest'
  import { clients, oneBatch, rollout } from 'vitest-llm-bench'
  test('users', async ({ bench }) => {
    const run = await bench('chat', clients({ n: 4, rampUp: 0.2, requests: 70, maxTokens: 8 })).run()
    expect(run).toMeetSLO({ ttft: { p90: '<= 60s' }, successRate: '>= 99%' })
    expect(run.metrics.completed).toBe(70)
    expect(run.latency.samplesCount).toBe(70)
    expect(run.throughput.mean).toBeCloseTo(run.metrics.requestsPerSecond!, 6)
  })
  test('rollout', async ({ bench }) => {
    await bench('rl', rollout({ batch: 4, n: 2, limit: 6, maxTokens: 8 })).run()
  })
  test('static batch', async ({ bench }) => {
    const run = await bench('b', oneBatch({ batch: [1, 4], inputLength: 32, outputLength: [1, 8] })).run()
    expect(run).toMeetSLO({ prefillTokensPerSecond: '>= 1' })
  })
`

test('a passing suite on the embedded engine exits with 0 and leaves all its files', async () => {
  const folder = await project({ 'first.bench.ts': SUITE })
  const { exitCode, output } = await runBench(folder)
  expect(output).toContain('embedded engine')
  expect(output).toContain('✓')
  expect(output).toMatch(/TTFT/)
  expect(output).toMatch(/embedded · llama\.cpp v.* · tiny-llama/)
  expect(exitCode, output).toBe(0)

  const files = await list(latest(folder))
  expect(files).toEqual(expect.arrayContaining(['junit.xml', 'summary.json', 'clients.csv']))
  const summary = await readSummary(folder)
  const runs = summary.tests.flatMap((one) => one.runs)
  expect(runs.map((run) => run.bench).toSorted()).toEqual(['b', 'chat', 'rl'])
  for (const run of runs.filter(({ bench }) => bench !== 'b')) {
    expect(existsSync(`${folder}/${run.folder}/requests.parquet`)).toBe(true)
  }
  const rollout = runs.find(({ bench }) => bench === 'rl')!
  expect(await list(`${folder}/${rollout.folder}`)).toEqual(
    expect.arrayContaining(['dispersed_stats.csv', 'global_stats.csv', 'requests.parquet', 'rollout_details.jsonl']),
  )
  // Six prompts in batches of four: the last, partial batch is kept.
  expect((await readLatest(folder, rollout.folder.split('/').at(-1)!, 'global_stats.csv')).trim().split('\r\n')).toHaveLength(3)
  const oneBatch = runs.find(({ bench }) => bench === 'b')!
  expect((await readLatest(folder, oneBatch.folder.split('/').at(-1)!, 'one_batch.jsonl')).trim().split('\n')).toHaveLength(4)
  expect(await readLatest(folder, 'junit.xml')).toContain('ttft.p90')
})

test('a suite that breaks its thresholds exits with 1; JUnit names threshold, measured value and margin, and json has them too', async () => {
  const folder = await project({
    'slow.bench.ts': `
      import { expect, test } from 'vitest'
      import { clients } from 'vitest-llm-bench'
      test('too slow', async ({ bench }) => {
        const run = await bench('slow', clients({ n: 2, rampUp: 0, requests: 20, maxTokens: 4 })).run()
        expect(run).toMeetSLO({ ttft: { p50: '<= 0.001ms' }, outputTokensPerSecond: '>= 10000000', successRate: '>= 99%' })
      })
    `,
  })
  // A report of one's own choice does not take the others away.
  const { exitCode, output } = await runBench(folder, ['--reporter=default', '--reporter=json', '--outputFile=vitest.json'])
  expect(exitCode).toBe(1)
  expect(output).toContain('✗')
  expect(output).toContain('slow.bench.ts:6')
  const junit = await readLatest(folder, 'junit.xml')
  const failures = junit.match(/<failure[^>]*>/g) ?? []
  expect(failures).toHaveLength(2)
  expect(failures[0]).toContain('ttft.p50')
  expect(junit).toMatch(/outputTokensPerSecond (>|&gt;)= 10,?000,?000/)
  const { tests } = await readSummary(folder)
  expect(tests[0]!.verdicts.map(({ metric, state }) => [metric, state])).toEqual([
    ['ttft.p50', 'fail'],
    ['outputTokensPerSecond', 'fail'],
    ['successRate', 'pass'],
  ])

  // Vitest's built-in json reporter carries the figures in meta.
  const report = JSON.parse(await readFile(`${folder}/vitest.json`, 'utf8')) as {
    testResults: {
      assertionResults: { meta: { llmBench: { runs: { metrics: { completed: number } }[]; verdicts: { state: string }[] } } }[]
    }[]
  }
  const { llmBench } = report.testResults[0]!.assertionResults[0]!.meta
  expect(llmBench.runs[0]!.metrics.completed).toBe(20)
  expect(llmBench.verdicts.map(({ state }) => state)).toEqual(['fail', 'fail', 'pass'])
})

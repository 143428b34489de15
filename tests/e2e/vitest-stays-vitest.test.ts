// Vitest's own features work with workloads in the suite, and ordinary benchmarks are left alone.
import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Summary } from '../../reporters/json/schema.ts'
import { list, latest, PLAIN_CONFIG, project, readLatest, readSummary, runBench, start } from './run-vitest.ts'
import type { Finished } from './run-vitest.ts'
import { serveTokens } from './stand-in-server.ts'

const LOAD = `clients({ n: 2, rampUp: 0, requests: 4, maxTokens: 4 })`
const HEAD = `
  import { describe, expect, test } from 'vitest'
  import { clients, requestRate } from 'vitest-llm-bench'
`
const ONE_LOAD = `${HEAD} test('t', async ({ bench }) => { await bench('load', ${LOAD}).run() })`
/** The server is in the test's own process, which whatever else runs here disturbs: no run is held against that. */
const CONFIG = PLAIN_CONFIG.replace('llmBench()', 'llmBench({ validity: { boundFactor: 1e9 } })')

/** Runs the benches of a project against a stand-in server. */
async function run(folder: string, args: string[] = []): Promise<Finished> {
  return runBench(folder, args, { LLM_BENCH_BASE_URL: await serveTokens() })
}

describe('one suite', () => {
  let folder: string
  let finished: Finished
  let tests: Summary['tests']
  const entry = (name: string): Summary['tests'][number] => tests.find((one) => one.name === name)!

  beforeAll(async () => {
    const ends: (() => Promise<void>)[] = []
    const atEnd = (end: () => Promise<void>): unknown => ends.push(end)
    folder = await project(
      {
        'vitest.config.ts': CONFIG,
        'mixed.bench.ts': `${HEAD}
          test('mixed', async ({ bench }) => {
            const sum = () => { let s = 0; for (let i = 0; i < 1000; i++) s += i; return s }
            const result = await bench.compare(bench('sum', sum), bench('load', ${LOAD}), { time: 20, iterations: 5 })
            expect(result.get('sum').metrics).toBeUndefined()
            expect(result.get('load').metrics.completed).toBe(4)
            expect(result.get('sum')).toBeFasterThan(result.get('load'))
          })
          test('ordinary alone', async ({ bench }) => {
            const run = await bench('noop', () => {}).run({ time: 10, iterations: 3 })
            expect(run.latency.samplesCount).toBeGreaterThanOrEqual(3)
          })
        `,
        'flaky.bench.ts': `${HEAD}
          let attempt = 0
          test('flaky', { retry: 1 }, async ({ bench }) => {
            const run = await bench('load', ${LOAD}).run()
            expect(run).toMeetSLO({ outputTokensPerSecond: attempt++ === 0 ? '>= 1e9 tok/s' : '>= 0.001 tok/s' })
          })
        `,
        'together.bench.ts': `${HEAD}
          import { writeFileSync } from 'node:fs'
          test('two workloads together', async ({ bench }) => {
            await Promise.all([bench('one', ${LOAD}).run(), bench('two', ${LOAD}).run()])
          })
          test('ordinary ones together with a workload', async ({ bench }) => {
            const at = []
            const ordinary = (name) => bench(name, () => { at.push(Date.now()) }).run({ time: 2, iterations: 2 })
            await Promise.all([ordinary('before'), bench('one', ${LOAD}).run(), ordinary('after')])
            writeFileSync('times.json', JSON.stringify(at))
          })
        `,
        'not.bench.ts': `${HEAD}
          test('not', async ({ bench }) => {
            const run = await bench('load', ${LOAD}).run()
            expect(run).not.toMeetSLO({ ttft: { mean: '<= 0.000001ms' } })
            expect(() => expect(run).not.toMeetSLO({ successRate: '>= 1%' })).toThrow()
            expect(() => expect(run).toMeetSLO({ ttft: { p99: '<= 1000s' } })).toThrow(/662/)
            expect(run).toMeetSLO({ ttft: { p99: '<= 1000s' }, allowFewSamples: true })
            expect(() => expect(run).toMeetSLO({ tfft: { p50: 1 } } as never)).toThrow(/ttft/)
          })
        `,
      },
      atEnd,
    )
    const url = await serveTokens(() => true, atEnd)
    finished = await runBench(folder, [], { LLM_BENCH_BASE_URL: url })
    tests = (await readSummary(folder)).tests
    return async () => {
      for (const end of ends) await end()
    }
  })

  test('passes with workloads and ordinary benchmarks in it, which stand beside each other in one comparison', () => {
    expect(finished.exitCode, finished.output).toBe(0)
    expect(tests.map(({ name, state }) => [name, state])).toHaveLength(6)
    expect(tests.every(({ state }) => state === 'passed')).toBe(true)
    expect(entry('ordinary alone').runs).toEqual([])
    expect(finished.output).toContain('noop')
  })

  test('a pass on a retry is reported as flaky, with the figures of every attempt', () => {
    const flaky = entry('flaky')
    expect(flaky).toMatchObject({ state: 'passed', flaky: true, attempts: 2 })
    expect(flaky.runs.map(({ attempt }) => attempt)).toEqual([0, 1])
    expect(flaky.verdicts.map(({ attempt, state }) => [attempt, state])).toEqual([
      [0, 'fail'],
      [1, 'pass'],
    ])
    expect(new Set(flaky.runs.map((one) => one.folder)).size).toBe(2)
  })

  test('runs that are started together queue instead of measuring each other', () => {
    const [one, two] = entry('two workloads together').runs
    expect(Date.parse(one!.startedAt) + one!.durationMs).toBeLessThanOrEqual(Date.parse(two!.startedAt) + 1)
  })

  test('an ordinary benchmark that is started together with workloads queues too', async () => {
    const [one] = entry('ordinary ones together with a workload').runs
    const begin = Date.parse(one!.startedAt)
    const times = JSON.parse(await readFile(`${folder}/times.json`, 'utf8')) as number[]
    expect(times.filter((at) => at > begin + 1 && at < begin + one!.durationMs - 1)).toEqual([])
    expect(times[0]!).toBeLessThanOrEqual(begin + 1)
    expect(times.at(-1)!).toBeGreaterThan(begin + one!.durationMs - 1)
  })

  test('.not holds where a threshold is broken, and a figure of its own is asserted as usual', () => {
    expect(entry('not')).toMatchObject({ state: 'passed', errors: [] })
  })
})

test('a suite without workloads leaves no results folder', async () => {
  const folder = await project({
    'plain.bench.ts': `
      import { test } from 'vitest'
      test('plain', async ({ bench }) => { await bench('noop', () => {}).run({ time: 5, iterations: 2 }) })
    `,
  })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(0)
  expect(await list(`${folder}/bench-results`)).toEqual([])
})

test('unit tests in the same project are left alone', async () => {
  const folder = await project({ 'unit.test.ts': `import { expect, test } from 'vitest'\ntest('adds', () => expect(1 + 1).toBe(2))` })
  const { exitCode, output } = await start(folder, ['run']).finished
  expect(exitCode, output).toBe(0)
  expect(await list(`${folder}/bench-results`)).toEqual([])
})

test.for([
  ['default', 'forks'],
  ['verbose', 'threads'],
  ['tree', 'forks'],
  ['dot', 'threads'],
])('the %s reporter in the pool of %s shows our figures once, and none of Tinybench’s', async ([reporter, pool]) => {
  const folder = await project({ 'vitest.config.ts': CONFIG, 'a.bench.ts': ONE_LOAD })
  const { exitCode, output } = await run(folder, ['--reporter', reporter!, '--pool', pool!])
  expect(exitCode, output).toBe(0)
  // The row of the table; a degraded run names the metric in its reasons too.
  expect(output.match(/^ *TTFT +[\d.,]+/gm), output).toHaveLength(1)
  expect(output.match(/Results /g)).toHaveLength(1)
  expect(output).not.toMatch(/\b(hz|rme|samples)\b/)
  expect((await readSummary(folder)).tests[0]!.runs[0]!.metrics).toMatchObject({ completed: 4 })
})

test('test.for, describe, -t and file filters choose what runs; results of earlier runs are kept', async () => {
  const folder = await project({
    'vitest.config.ts': CONFIG,
    'a.bench.ts': `${HEAD}
      describe('sweep', () => {
        test.for([1, 2])('n=%i', async (n, { bench }) => {
          const run = await bench('load', clients({ n, rampUp: 0, requests: 4, maxTokens: 2 })).run()
          expect(run.metrics.completed).toBe(4)
        })
      })
    `,
    'b.bench.ts': ONE_LOAD,
  })
  const all = await run(folder)
  expect(all.exitCode, all.output).toBe(0)
  const first = await readSummary(folder)
  expect(first.tests.flatMap(({ runs }) => runs)).toHaveLength(3)
  expect((await readLatest(folder, 'clients.csv')).trim().split(/\r?\n/)).toHaveLength(4)

  expect((await run(folder, ['a.bench.ts', '-t', 'n=2'])).exitCode).toBe(0)
  const second = await readSummary(folder)
  expect(second.tests.filter(({ runs }) => runs.length > 0).map(({ name }) => name)).toEqual(['n=2'])
  expect(second.startedAt).not.toBe(first.startedAt)
  expect((await list(`${folder}/bench-results`)).filter((name) => name !== 'latest')).toHaveLength(2)
  expect(latest(folder)).toContain('latest')
})

test('shards are merged into one report', async () => {
  const folder = await project({
    'vitest.config.ts': CONFIG,
    'a.bench.ts': `${HEAD} test('a', async ({ bench }) => { const run = await bench('first', ${LOAD}).run(); expect(run).toMeetSLO({ successRate: 1 }) })`,
    'b.bench.ts': `${HEAD} test('b', async ({ bench }) => { await bench('second', ${LOAD}).run() })`,
  })
  for (const shard of ['1/2', '2/2']) {
    const { exitCode, output } = await run(folder, [`--shard=${shard}`, '--reporter=blob'])
    expect(exitCode, output).toBe(0)
  }
  const merged = await runBench(folder, ['--merge-reports'])
  expect(merged.exitCode, merged.output).toBe(0)
  const summary = await readSummary(folder)
  expect(summary.tests.flatMap(({ runs }) => runs.map(({ bench }) => bench)).toSorted()).toEqual(['first', 'second'])
  expect(summary.tests.flatMap(({ verdicts }) => verdicts)).toHaveLength(1)
  expect((await readLatest(folder, 'clients.csv')).trim().split(/\r?\n/)).toHaveLength(3)
  expect(await readLatest(folder, 'junit.xml')).toContain('successRate')
})

test("works beside the user's own Vite and Vitest settings", async () => {
  const folder = await project({
    'vitest.config.ts': `
      import { defineConfig } from 'vitest/config'
      import { llmBench } from 'vitest-llm-bench/plugin'
      export default defineConfig({
        plugins: [{ name: 'own', config: () => ({ define: { OWN: '"mine"' } }) }, llmBench({ results: 'out/llm', environment: { gpu: 'none' } })],
        test: { setupFiles: ['./own-setup.ts'], globals: true, reporters: ['verbose'], benchmark: { include: ['perf/*.perf.ts'] } },
      })
    `,
    'own-setup.ts': `globalThis.ownSetup = true`,
    'perf/a.perf.ts': `
      import { clients } from 'vitest-llm-bench'
      test('t', async ({ bench }) => {
        expect(OWN).toBe('mine')
        expect(globalThis.ownSetup).toBe(true)
        await bench('load', ${LOAD}).run()
      })
    `,
  })
  const { exitCode, output } = await run(folder)
  expect(exitCode, output).toBe(0)
  expect(output).toContain('TTFT')
  const summary = JSON.parse(await readFile(`${folder}/out/llm/latest/summary.json`, 'utf8')) as { environment: Record<string, string> }
  expect(summary.environment['gpu']).toBe('none')
})

describe('misuse', () => {
  test('two copies of the plugin', async () => {
    const folder = await project({
      'vitest.config.ts': PLAIN_CONFIG.replace('[llmBench()]', '[llmBench(), llmBench()]'),
      'a.bench.ts': ONE_LOAD,
    })
    const { exitCode, output } = await runBench(folder)
    expect(exitCode).toBe(1)
    expect(output).toContain('llmBench() stands twice')
  })

  test('no plugin', async () => {
    const folder = await project({ 'vitest.config.ts': 'export default {}', 'a.bench.ts': ONE_LOAD })
    const { exitCode, output } = await runBench(folder)
    expect(exitCode).toBe(1)
    expect(output).toContain('plugins: [llmBench()]')
  })

  test('a workload called outside a bench', async () => {
    const folder = await project({ 'a.bench.ts': `${HEAD} test('t', () => { ${LOAD}() })` })
    const { exitCode, output } = await runBench(folder)
    expect(exitCode).toBe(1)
    expect(output).toContain('is a workload and not a function to call')
  })

  test('a bad option of the plugin', async () => {
    const folder = await project({
      'vitest.config.ts': PLAIN_CONFIG.replace('llmBench()]', "llmBench({ result: 'x' })]"),
      'a.bench.ts': ONE_LOAD,
    })
    const { exitCode, output } = await runBench(folder)
    expect(exitCode).toBe(1)
    expect(output).toContain('did you mean `results`?')
  })
})

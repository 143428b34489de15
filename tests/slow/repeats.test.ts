// A workload run several times, in turns with another one, and the two held against each other.
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { until } from '../patience.ts'
import { latest, list, project, readLatest, readSummary, REPOSITORY, runBench, startBench } from '../e2e/run-vitest.ts'

const HEAD = `
  import { expect, test } from 'vitest'
  import { clients, simulator } from 'vitest-llm-bench'
  // So far apart that no pause of this machine brings them together.
  const server = (ttft) => simulator({ ttft, itl: 2 })
  // What disturbs the client on this machine is no matter here, and rehearsing it takes longer than the load.
  const load = { n: 4, rampUp: 0, requests: 12, maxTokens: 4, preconnect: false, workers: 1, validity: { boundFactor: 1e6 } }
`

test('repeats take turns; a server that is slower regresses, and one that is not holds', async () => {
  const folder = await project({
    'compare.bench.ts': `${HEAD}
      test('upgrade', async ({ bench }) => {
        const repeats = { min: 3, max: 8 }
        const result = await bench.compare(
          bench('v1', clients({ ...load, repeats, target: server(100) })),
          bench('same', clients({ ...load, repeats, target: server(100) })),
          bench('slower', clients({ ...load, repeats, target: server(500) })),
          bench('sum', () => { Math.hypot(3, 4) }),
        )
        expect(result.get('v1').runs).toHaveLength(3)
        expect(result.get('v1').runs).toContain(result.get('v1').metrics)
        expect(result.get('sum').runs).toBeUndefined()
        await expect(result.get('same')).toHoldAgainst(result.get('v1'), { 'ttft.p50': '100%', inconclusive: 'fail' })
        await expect(result.get('slower')).toHoldAgainst(result.get('v1'), { 'ttft.p50': { within: '100%' } })
      })
    `,
  })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(1)
  expect(output).toMatch(/slower against v1: 1 of 1 metric regressed\n.*ttft\.p50 regressed/)
  // The place is the user's line, though the figures came later.
  expect(output).toMatch(/❯ compare\.bench\.ts:\d+:\d+/)
  const [upgrade] = (await readSummary(folder)).tests
  expect(
    upgrade!.runs
      .slice(0, 9)
      .map(({ bench }) => bench)
      .join(' '),
  ).toBe('v1 same slower slower same v1 v1 same slower')
  expect(upgrade!.holdings).toMatchObject([
    { bench: 'same', against: 'v1', state: 'held', comparisons: [{ metric: 'ttft.p50', state: 'pass' }] },
    { bench: 'slower', against: 'v1', state: 'regressed', differences: [] },
  ])
})

test('servers that exclude each other end and start as they take turns; what is wrong with an assertion is an error', async () => {
  const folder = await project({
    'turns.bench.ts': `
      import { expect, test } from 'vitest'
      import { clients, launch } from 'vitest-llm-bench'
      const server = (name) => launch({
        name, command: process.execPath, args: ['${REPOSITORY}/tests/stand-ins/launched-server.ts', 'port={port}'], exclusive: true, stopTimeout: 2,
      })
      const load = { n: 1, rampUp: 0, requests: 2, maxTokens: 2, preconnect: false, validity: { boundFactor: 1e9 } }
      let result
      test('turns', async ({ bench }) => {
        result = await bench.compare(
          bench('a', clients({ ...load, target: server('a'), repeats: 2 })),
          bench('b', clients({ ...load, target: server('b'), repeats: 2 })),
          bench('more', clients({ ...load, requests: 3, target: server('b') })),
        )
        expect(result.get('a')).toMeetSLO({ 'ttft.p50': '<= 60s', successRate: 1 })
      })
      test('forgotten', () => {
        expect(result.get('b')).toHoldAgainst(result.get('a'), { 'ttft.p50': '50%' })
      })
      test('other load', async () => {
        await expect(result.get('more')).toHoldAgainst(result.get('a'))
      })
    `,
  })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(1)
  const [turns, forgotten, other] = (await readSummary(folder)).tests
  expect(turns!.state, output).toBe('passed')
  expect(turns!.runs.map(({ bench, repeat }) => `${bench}${repeat?.index ?? ''}`)).toEqual(['a0', 'b0', 'more', 'b1', 'a1'])
  expect(turns!.verdicts).toMatchObject([{ median: { runs: 2 } }, { median: { runs: 2 }, measured: 1 }])
  // Started once for each turn, and not once for each run.
  expect(await list(latest(folder, 'servers'))).toEqual(['a-2.log', 'a.log', 'b.log'])
  expect(await readLatest(folder, 'clients.csv')).toMatch(/^a \(run 1\),[^]*^b \(run 1\),[^]*^more,[^]*^b \(run 2\),[^]*^a \(run 2\),/m)
  expect(forgotten!.errors).toMatchObject([{ message: expect.stringContaining('toHoldAgainst() was not awaited') as string }])
  expect(forgotten!.errors[0]!.at).toMatch(/^turns\.bench\.ts:/)
  expect(other!.errors).toMatchObject([{ message: expect.stringMatching(/a and more differ in workload\.requests \(2 and 3\)/) as string }])
  expect(other!.holdings).toMatchObject([{ state: 'error', comparisons: [] }])
})

test('Ctrl-C among repeats keeps the runs that were done, and says that there were to be more', async () => {
  const folder = await project({
    'many.bench.ts': `${HEAD}
      test('many', async ({ bench }) => { await bench('chat', clients({ ...load, repeats: 500, target: server(1) })).run() })
    `,
  })
  const run = startBench(folder)
  await until(async () => (await list(latest(folder))).some((name) => name.startsWith('many_many_chat_') && name.endsWith('-3')))
  run.child.kill('SIGINT')
  const { exitCode, output } = await run.finished
  expect(exitCode, output).toBe(130)
  expect(output).toMatch(/chat {2}\d+ of 500 runs, .*PARTIAL/)
  const [many] = (await readSummary(folder)).tests
  expect(many!.state).toBe('pending')
  const whole = many!.runs.filter(({ partial }) => !partial)
  expect(whole.map(({ repeat }) => repeat!.index)).toEqual(whole.map((_, i) => i))
  expect(whole.length).toBeGreaterThanOrEqual(2)
  for (const one of whole) expect(existsSync(`${folder}/${one.folder}/sample.json`)).toBe(true)
})

// A workload run several times, in turns with another one, and the two held against each other.
import { expect, test } from 'vitest'
import { project, readSummary, runBench } from './run-vitest.ts'

const HEAD = `
  import { expect, test } from 'vitest'
  import { clients, simulator } from 'vitest-llm-bench'
  // So far apart that no pause of this machine brings them together.
  const server = (ttft) => simulator({ ttft, itl: 2 })
  const load = { n: 4, rampUp: 0, requests: 12, maxTokens: 4, validity: { boundFactor: 1e6 } }
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

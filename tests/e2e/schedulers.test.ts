// Workloads on the embedded engine without a server: three ways of scheduling side by side, and users.
import { expect, test } from 'vitest'
import { latest, list, project, readLatest, readSummary, runBench } from './run-vitest.ts'

test(
  'the scheduling modes are compared, one run each and in turn, and users drive an engine as they do a server',
  { timeout: 120_000 },
  async () => {
    const folder = await project({
      'engine.bench.ts': `
      import { expect, test } from 'vitest'
      import { clients, llama, offline } from 'vitest-llm-bench'
      test('schedulers', async ({ bench }) => {
        const modes = ['naive', 'offline', 'online'].map((mode) =>
          bench(mode, offline({ mode, requests: 16, outputLength: 32, maxBatchSize: 8, warmup: 4 })))
        const result = await bench.compare(...modes)
        const inFlight = ['naive', 'offline', 'online'].map((name) => {
          const { completed, e2e, wallSeconds } = result.get(name).metrics
          return (completed * e2e.mean) / 1000 / wallSeconds
        })
        expect(inFlight[0]).toBeLessThanOrEqual(1)
        expect(inFlight[1]).toBeGreaterThan(8)
        expect(inFlight[2]).toBeGreaterThan(1)
      })
      test('users', async ({ bench }) => {
        const run = await bench('users', clients({ n: 2, rampUp: 0, requests: 6, maxTokens: 8, engine: llama() })).run()
        expect(run).toMeetSLO({ ttft: { max: '<= 60s' }, successRate: 1 })
      })
    `,
    })
    const { exitCode, output } = await runBench(folder)
    expect(exitCode, output).toBe(0)
    const [header, ...rows] = (await readLatest(folder, 'schedulers.csv')).trimEnd().split('\n')
    expect(header).toMatch(/^name,mode,max_batch_size,requests,elapsed,/)
    expect(rows.map((row) => row.split(',').filter((_, i) => i !== 4 && i < 7))).toEqual(
      [
        ['naive', 'naive', ''],
        ['offline', 'offline', ''],
        ['online', 'online', '8'],
      ].map((mode) => [...mode, '16', expect.stringMatching(/^\d+$/), String(16 * 32)]),
    )
    const { tests } = await readSummary(folder)
    const runs = tests.flatMap((one) => one.runs)
    expect(runs.map(({ bench }) => bench)).toEqual(['naive', 'offline', 'online', 'users'])
    // In turn: each began when the one before was over.
    const begun = runs.map(({ startedAt }) => Date.parse(startedAt))
    for (const [i, { durationMs }] of runs.slice(0, -1).entries())
      expect(begun[i]! + Math.floor(durationMs)).toBeLessThanOrEqual(begun[i + 1]! + 1)
    const users = runs.at(-1)!
    expect(users).toMatchObject({ target: { kind: 'llama' }, metrics: { requests: 6, outputTokens: 48 } })
    expect(users.metrics).not.toHaveProperty('client')
    expect(output).toContain('counted by the engine')
    expect(await list(latest(folder))).toContain('clients.csv')
  },
)

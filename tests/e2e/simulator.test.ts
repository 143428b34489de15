// A bench on a simulated server: started by the run, with faults, and gone with the run.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { PATIENCE_MS } from '../patience.ts'
import { processesUsing } from './processes.ts'
import { project, readLatest, readSummary, runBench } from './run-vitest.ts'

test('a simulator is a target as any other: its times are measured by two workers, its faults counted, and it ends with the run', async () => {
  const folder = await project({
    'simulated.bench.ts': `
      import { expect, test } from 'vitest'
      import { clients, simulator } from 'vitest-llm-bench'
      const target = simulator({ ttft: 60, itl: 4, truthLog: 'truth.log', faults: { http500: { every: 10 } } })
      test('users', async ({ bench }) => {
        const validity = { boundFactor: 1e6 }
        const run = await bench('chat', clients({ n: 8, rampUp: 0.1, requests: 80, maxTokens: 10, workers: 2, target, validity })).run()
        expect(run).toMeetSLO({ ttft: { p90: '<= 10s' }, successRate: '>= 90%' })
        expect(run.metrics.ttft.min).toBeGreaterThan(59.9)
        expect(run.metrics.e2e.min).toBeGreaterThan(59.9 + 9 * 4)
        expect(run.metrics.completed).toBe(72)
      })
    `,
  })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(0)
  expect(output).toMatch(/simulator · .*simulator/)
  const [run] = (await readSummary(folder)).tests.flatMap((one) => one.runs)
  expect(run!.metrics).toMatchObject({ kind: 'requests', completed: 72, failed: 8 })
  expect(run!.metrics).toHaveProperty('client.workers.length', 2)
  expect(await readLatest(folder, 'junit.xml')).toMatch(/name="client\.cpuShare\[1\]"/)
  await vi.waitFor(async () => expect(await processesUsing(folder)).toEqual([]), PATIENCE_MS)
  const log = (await readFile(join(folder, 'truth.log'), 'utf8')).trimEnd().split('\n')
  expect(log).toHaveLength(72)
})

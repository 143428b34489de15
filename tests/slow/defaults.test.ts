// The shortest calls run as written: no other option, no file of the user's, no target.
import { expect, test } from 'vitest'
import { project, readSummary, runBench } from '../e2e/run-vitest.ts'

test('rollout({ batch, n }), clients({ n, rampUp }) and oneBatch({ batch }) need nothing else', { timeout: 180_000 }, async () => {
  const folder = await project({
    'shortest.bench.ts': `
      import { test } from 'vitest'
      import { clients, oneBatch, rollout } from 'vitest-llm-bench'
      test('rollout', async ({ bench }) => { await bench('r', rollout({ batch: 8, n: 8 })).run() })
      test('clients', async ({ bench }) => { await bench('c', clients({ n: 100, rampUp: 10 })).run() })
      test('one batch', async ({ bench }) => { await bench('o', oneBatch({ batch: 8 })).run() })
    `,
  })
  const { exitCode, output } = await runBench(folder)
  expect(exitCode, output).toBe(0)
  const [rollout, clients, oneBatch] = (await readSummary(folder)).tests.map(({ runs }) => runs[0]!)
  // Sixteen questions, eight answers each, of up to 128 tokens.
  expect(rollout!.metrics).toMatchObject({ requests: 128, completed: 128, outputTokens: 128 * 128 })
  expect(clients!.metrics).toMatchObject({ requests: 1000, completed: 1000, tokens: { output: 'server' } })
  expect(oneBatch!.metrics).toMatchObject({ cases: [{ batch: 8, inputLength: 128, outputLength: 32 }] })
})

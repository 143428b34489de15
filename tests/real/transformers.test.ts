// Real PyTorch: `LLM_BENCH_PYTHON` holds the command of an interpreter that has it.
import { describe, expect, test } from 'vitest'
import { describeEngine } from '../contract/engine-cases.ts'
import { transformersTiny } from '../contract/engines/transformers.ts'
import { project, readSummary, runBench } from '../e2e/run-vitest.ts'
import { PYTHON, pythonEnvironment } from './python.ts'

Object.assign(process.env, await pythonEnvironment())

describe.skipIf(PYTHON === undefined)('real PyTorch', () => {
  describeEngine(transformersTiny)

  test('a rollout and static batches run on it, and 32-bit decoding agrees wholly', async () => {
    const folder = await project({
      'real.bench.ts': `
        import { expect, test } from 'vitest'
        import { oneBatch, rollout, transformers } from 'vitest-llm-bench'
        const engine = transformers({ device: 'cpu', dtype: 'float32', threads: 1, maxSequences: 16 })
        test('rollout', async ({ bench }) => {
          const run = await bench('rollout', rollout({ batch: 4, n: 4, limit: 8, maxTokens: 16, engine })).run()
          expect(run).toMeetSLO({ successRate: 1 })
        })
        test('one batch', async ({ bench }) => {
          const run = await bench('cases', oneBatch({ batch: [1, 4], inputLength: 64, outputLength: [1, 16], correctness: true, engine })).run()
          expect(run).toMeetSLO({ agreement: 1, prefillTokensPerSecond: '>= 1' })
        })
      `,
    })
    // A Python in a root of its own sees the project only if it is told of it.
    const { BIND = '' } = await pythonEnvironment()
    const { exitCode, output } = await runBench(folder, [], { BIND: `${BIND} ${folder}` })
    expect(exitCode, output).toBe(0)
    const { tests } = await readSummary(folder)
    const [requests, batches] = tests.map(({ runs }) => runs[0]!.metrics)
    if (requests?.kind !== 'requests' || batches?.kind !== 'oneBatch') throw new Error('other runs were asked for')
    expect(requests).toMatchObject({ completed: 32, outputTokens: 32 * 16 })
    expect(batches.cases.map(({ prefillLatency }) => prefillLatency)).toEqual(Array.from({ length: 4 }, () => expect.any(Number) as number))
    expect(batches.agreement).toBe(1)
  })
})

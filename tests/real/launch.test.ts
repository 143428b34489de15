// Servers that no one here wrote, launched by the run itself: `LLM_BENCH_LLAMA_SERVER` holds the command of llama.cpp's, and
// `LLM_BENCH_TRANSFORMERS` a command that starts others beside a Python with PyTorch and transformers.
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ensureTinyFolder, ensureTinyModel } from '../../src/engines/llama/tiny-model.ts'
import { processesUsing } from '../e2e/processes.ts'
import { latest, list, PLAIN_CONFIG, project, readSummary, runBench } from '../e2e/run-vitest.ts'
import type { Finished } from '../e2e/run-vitest.ts'
import { LLAMA_SERVER } from './llama-server.ts'

const TRANSFORMERS = process.env['LLM_BENCH_TRANSFORMERS']

/** Runs the same two benches on a server that this call launches. */
async function benchOn(server: string): Promise<{ folder: string; finished: Finished }> {
  const suite = (requests: number): string => `
    import { expect, test } from 'vitest'
    import * as bench from 'vitest-llm-bench'
    test('t', async ({ bench: run }) => {
      const target = bench.${server}
      const result = await run('launched', bench.clients({ n: 2, rampUp: 0, requests: ${requests}, maxTokens: 8, outputLength: 'free', target })).run()
      expect(result).toMeetSLO({ successRate: 1 })
    })
  `
  const folder = await project({
    'vitest.config.ts': PLAIN_CONFIG.replace('llmBench()', 'llmBench({ validity: { boundFactor: 1e6 } })'),
    'a.bench.ts': suite(4),
    'b.bench.ts': suite(6),
  })
  return { folder, finished: await runBench(folder) }
}

/** What holds of each of them: one server for both files, told of in the results, and gone. */
async function expectLaunched(folder: string, { exitCode, output }: Finished, kind: string, version: RegExp): Promise<void> {
  expect(exitCode, output).toBe(0)
  const runs = (await readSummary(folder)).tests.flatMap((entry) => entry.runs)
  expect(runs).toHaveLength(2)
  for (const { target, metrics, notes } of runs) {
    expect(target).toMatchObject({ kind, version: expect.stringMatching(version) as string })
    expect(notes).toEqual(expect.not.arrayContaining([expect.stringContaining('version')]))
    expect(metrics).toMatchObject({ kind: 'requests', failed: 0, tokens: { output: 'server' } })
  }
  expect(await list(latest(folder, 'servers'))).toEqual([`${kind}.log`])
  expect(await processesUsing(folder)).toEqual([])
}

const words = (command: string): string => JSON.stringify(command.split(' '))

describe.skipIf(LLAMA_SERVER === undefined)('llama-server', () => {
  test('is launched, shared, measured and gone', async () => {
    const { gguf } = await ensureTinyModel()
    const { folder, finished } = await benchOn(`llamaServer({
      command: ${words(LLAMA_SERVER!)},
      model: '${gguf}',
      contextSize: 8192,
      parallel: 2,
      threads: 1,
      args: ['--offline', '--flash-attn', 'off'],
      env: { BIND: '${dirname(gguf)}' },
    })`)
    await expectLaunched(folder, finished, 'llama.cpp', /^llamacpp \S/)
  })

  test('says why it does not start', async () => {
    const { folder, finished } = await benchOn(`llamaServer({ command: ${words(LLAMA_SERVER!)}, model: '/no/such.gguf' })`)
    expect(finished.exitCode).toBe(1)
    expect(finished.output).toMatch(/llama\.cpp ended with exit code 1 before it was ready[^]*\/no\/such\.gguf/)
    expect(await processesUsing(folder)).toEqual([])
  })
})

describe.skipIf(TRANSFORMERS === undefined)('transformers serve', () => {
  test('is launched, shared, measured and gone', async () => {
    const model = await ensureTinyFolder()
    const { folder, finished } = await benchOn(`transformersServer({
      command: ${words(`${TRANSFORMERS} transformers serve`)},
      model: '${model}',
      device: 'cpu',
      dtype: 'float32',
      env: { BIND: '${dirname(model)}' },
    })`)
    await expectLaunched(folder, finished, 'transformers', /^5\.\d+/)
  })
})

// Against the server of transformers, on PyTorch: `LLM_BENCH_TRANSFORMERS` holds the command that starts `transformers` and
// `python3`. It ends its streams without `[DONE]`, lists no model, and refuses fields that it doesn't know.
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureTinyFolder } from '../../src/engines/llama/tiny-model.ts'
import { PLAIN_CONFIG, project, readSummary, runBench } from '../e2e/run-vitest.ts'
import { startRealServer } from './real-server.ts'
import type { RealServer } from './real-server.ts'

const TRANSFORMERS = process.env['LLM_BENCH_TRANSFORMERS']

describe.skipIf(TRANSFORMERS === undefined)('transformers serve', () => {
  let server: RealServer
  let model: string
  beforeAll(async () => {
    model = await ensureTinyFolder()
    const argsFor = (port: number): string[] => {
      const where = ['--host', '127.0.0.1', '--port', String(port)]
      return ['serve', model, ...where, '--device', 'cpu', '--dtype', 'float32']
    }
    server = await startRealServer(`${TRANSFORMERS} transformers`, argsFor, [dirname(model)])
  }, 180_000)
  afterAll(() => server?.close())

  test.for([
    ['streamed', ''],
    ['in one piece', 'stream: false,'],
  ] as const)('answers %s have the tokens that were asked for, by the server’s own count', async ([, more]) => {
    const folder = await project({
      // Server and client share a machine here, and counts are asked for, not times.
      'vitest.config.ts': PLAIN_CONFIG.replace('llmBench()', 'llmBench({ validity: { boundFactor: 1e6 } })'),
      'real.bench.ts': `
        import { expect, test } from 'vitest'
        import { clients, openai } from 'vitest-llm-bench'
        const target = openai({ baseURL: '${server.baseURL}', model: '${model}' })
        test('t', async ({ bench }) => {
          const run = await bench('real', clients({ n: 2, rampUp: 0, requests: 8, maxTokens: 8, outputLength: 'free', ${more} target })).run()
          expect(run).toMeetSLO({ successRate: 1 })
        })
      `,
    })
    const { exitCode, output } = await runBench(folder)
    expect(exitCode, output).toBe(0)
    const { metrics } = (await readSummary(folder)).tests[0]!.runs[0]!
    if (metrics.kind !== 'requests') throw new Error('a run of requests was asked for')
    expect(metrics.tokens).toMatchObject({ output: 'server', input: 'server' })
    expect(metrics.outputTokens).toBe(8 * 8)
  })
})

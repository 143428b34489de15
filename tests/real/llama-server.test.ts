// Against llama.cpp's own server: `LLM_BENCH_LLAMA_SERVER` holds the command that starts it.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PLAIN_CONFIG, project, readSummary, REPOSITORY, runBench } from '../e2e/run-vitest.ts'
import { LLAMA_SERVER, startLlamaServer } from './llama-server.ts'
import type { LlamaServer } from './llama-server.ts'

const DATA = resolve(REPOSITORY, '../shared/data')
const shareGPTFile = existsSync(`${DATA}/samples_1024.json`) ? `shareGPT('${DATA}/samples_1024.json', { maxPromptTokens: 400 })` : undefined
const gsm8kFile = existsSync(`${DATA}/gsm8k-instruct.parquet`) ? `gsm8k('${DATA}/gsm8k-instruct.parquet')` : undefined
const dataset = (file: string | undefined): string => (file === undefined ? '' : `, dataset: ${file}`)

describe.skipIf(LLAMA_SERVER === undefined)('llama-server', () => {
  let server: LlamaServer
  beforeAll(async () => {
    server = await startLlamaServer()
  }, 60_000)
  afterAll(() => server?.close())

  test.for([
    ['chat', `clients({ n: 16, rampUp: 1.6, requests: 200, maxTokens: 32${dataset(shareGPTFile)}, target })`],
    [
      'completions',
      `clients({ n: 8, rampUp: 0.8, requests: 64, maxTokens: 16${dataset(shareGPTFile)}, target: { ...target, endpoint: 'completions' } })`,
    ],
    ['request rate', `requestRate({ rate: 20, requests: 100, maxTokens: 16${dataset(shareGPTFile)}, target })`],
    ['rollout', `rollout({ batch: 8, n: 8, maxTokens: 32${gsm8kFile === undefined ? '' : `, limit: 32${dataset(gsm8kFile)}`}, target })`],
    ['without streaming', `clients({ n: 4, rampUp: 0, requests: 40, maxTokens: 8, stream: false, target })`],
    ['its own API', `clients({ n: 8, rampUp: 0.8, requests: 64, maxTokens: 16${dataset(shareGPTFile)}, target: own })`],
    ['its own API without streaming', `clients({ n: 4, rampUp: 0, requests: 40, maxTokens: 8, stream: false, target: own })`],
  ] as const)('%s: generated tokens equal the server’s own count', async ([, workload]) => {
    const folder = await project({
      // Server and client share a machine here, and counts are asked for, not times.
      'vitest.config.ts': PLAIN_CONFIG.replace('llmBench()', 'llmBench({ validity: { boundFactor: 1e6 } })'),
      'real.bench.ts': `
        import { expect, test } from 'vitest'
        import { clients, gsm8k, llamacpp, openai, requestRate, rollout, shareGPT } from 'vitest-llm-bench'
        const own = llamacpp({ baseURL: '${server.baseURL}' })
        const target = openai({ baseURL: '${server.baseURL}', extraBody: { cache_prompt: false } })
        test('t', async ({ bench }) => {
          const run = await bench('real', ${workload}).run()
          expect(run).toMeetSLO({ successRate: 1 })
        })
      `,
    })
    const before = await server.predictedTokens()
    const { exitCode, output } = await runBench(folder)
    expect(exitCode, output).toBe(0)
    const { metrics } = (await readSummary(folder)).tests[0]!.runs[0]!
    if (metrics.kind !== 'requests') throw new Error('a run of requests was asked for')
    expect(metrics.tokens.output).toBe('server')
    expect(metrics.outputTokens).toBe((await server.predictedTokens()) - before)
    expect(metrics.tokens.serverCounted?.output).toBe(metrics.outputTokens)
  })
})

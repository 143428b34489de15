// SGLang: bench_one_batch, bench_offline_throughput, and serving behind an OpenAI client.
import { expect, test } from 'vitest'
import { offline, oneBatch, requestRate, sglangEngine } from 'vitest-llm-bench'
import { conversations, engineModel, runsOn, served, tokenizer } from './subject.ts'

const engine = engineModel === undefined ? {} : { engine: sglangEngine({ model: engineModel, tensorParallelSize: 8 }) }

test.skipIf(!runsOn('sglang'))('a static batch', async ({ bench }) => {
  const lengths = engineModel === undefined ? { inputLength: 64, outputLength: [1, 16] } : { inputLength: 1024, outputLength: [1, 1024] }
  const run = await bench('bench_one_batch', oneBatch({ batch: [4, 8], ...lengths, runName: 'test_run', ...engine })).run()
  expect(run).toMeetSLO({ prefillTokensPerSecond: '> 0' })
})

test.skipIf(!runsOn('sglang'))('offline throughput', async ({ bench }) => {
  const lengths = engineModel === undefined ? { maxTokens: 24 } : {}
  const run = await bench('bench_offline_throughput', offline({ requests: 10, ...lengths, ...conversations, ...engine })).run()
  expect(run).toMeetSLO({ successRate: '>= 99%' })
})

test('serving', async ({ bench }) => {
  const load = served ? { rate: 16, requests: 1000 } : { rate: 16, requests: 48, maxTokens: 24 }
  const run = await bench('bench_serving', requestRate({ ...load, ...conversations, ...tokenizer })).run()
  expect(run).toMeetSLO({ successRate: '>= 99%' })
})

// llm.perf api_bench_tools: a fixed number of clients, and a fixed request rate.
import { expect, test } from 'vitest'
import { clients, requestRate } from 'vitest-llm-bench'
import { conversations, served, tokenizer } from './subject.ts'

test('a fixed number of clients', async ({ bench }) => {
  const load = served ? { n: 100, rampUp: 10, requests: 1024, stopAfter: 300 } : { n: 8, rampUp: 0.8, requests: 64, maxTokens: 24 }
  const run = await bench('benchmark_serving_num_clients', clients({ ...load, turns: 1, ...conversations, ...tokenizer })).run()
  expect(run).toMeetSLO({ successRate: '>= 99%' })
})

test('a fixed request rate', async ({ bench }) => {
  const load = served ? { rate: 8, requests: 1024 } : { rate: 8, requests: 40, maxTokens: 24 }
  const run = await bench('benchmark_serving_request_rate', requestRate({ ...load, ...conversations, ...tokenizer })).run()
  expect(run).toMeetSLO({ successRate: '>= 99%' })
})

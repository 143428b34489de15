// LMDeploy profile_throughput and profile_restful_api: 64 workers that pull from one queue.
import { expect, test } from 'vitest'
import { clients, lmdeployEngine, offline } from 'vitest-llm-bench'
import { conversations, engineModel, runsOn, served, tokenizer } from './subject.ts'

test.skipIf(!runsOn('lmdeploy'))('offline', async ({ bench }) => {
  const load =
    engineModel === undefined
      ? { requests: 64, concurrency: 8, maxTokens: 24 }
      : { requests: 2000, concurrency: 64, engine: lmdeployEngine({ model: engineModel, tensorParallelSize: 1 }) }
  const run = await bench('profile_throughput', offline({ ...load, seed: 0, ...conversations })).run()
  expect(run).toMeetSLO({ successRate: '>= 99%' })
})

test('online', async ({ bench }) => {
  const load = served ? { n: 64, requests: 2000 } : { n: 8, requests: 64, maxTokens: 24 }
  const run = await bench(
    'profile_restful_api',
    clients({ ...load, rampUp: 0, order: 'shared', seed: 0, ...conversations, ...tokenizer }),
  ).run()
  expect(run).toMeetSLO({ successRate: '>= 99%' })
})

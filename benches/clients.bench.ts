import { expect, test } from 'vitest'
import { clients } from 'vitest-llm-bench'

test('16 users chat', async ({ bench }) => {
  const run = await bench('chat', clients({ n: 16, rampUp: 1.6, requests: 400, maxTokens: 24 })).run()
  expect(run).toMeetSLO({
    ttft: { p50: '<= 2s', p95: '<= 5s' },
    tpot: { p90: '<= 250ms' },
    outputTokensPerSecond: '>= 50',
    successRate: '>= 99%',
  })
})

test('conversations of two turns carry the answers forward', async ({ bench }) => {
  const run = await bench(
    'two turns',
    clients({ n: 4, rampUp: 0.4, requests: 40, turns: 2, maxTokens: 16, systemPrompt: 'Answer in one sentence.' }),
  ).run()
  expect(run).toMeetSLO({ successRate: '>= 99%', e2e: { p50: '<= 5s' } })
})

import { expect, test } from 'vitest'
import { rollout } from 'vitest-llm-bench'

test('RL rollouts', async ({ bench }) => {
  const run = await bench('rollout', rollout({ batch: 8, n: 4, maxTokens: 64 })).run()
  expect(run).toMeetSLO({ outputTokensPerSecond: { min: 50 }, successRate: '>= 99%' })
})

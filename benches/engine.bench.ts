import { expect, test } from 'vitest'
import { offline, oneBatch } from 'vitest-llm-bench'

test('a static batch, without a server', async ({ bench }) => {
  const run = await bench('one batch', oneBatch({ batch: [1, 8], inputLength: 128, outputLength: [1, 32] })).run()
  expect(run).toMeetSLO({ prefillTokensPerSecond: '>= 100', medianDecodeLatency: '<= 1s' })
})

test('offline throughput', async ({ bench }) => {
  const run = await bench('offline', offline({ requests: 64 })).run()
  expect(run).toMeetSLO({ outputTokensPerSecond: '>= 50', successRate: 1 })
})

// Must fail: the tests of this repository run it and read what its reports say. `npm run bench` leaves it out.
import { expect, test } from 'vitest'
import { clients } from 'vitest-llm-bench'

test('no server is this fast', async ({ bench }) => {
  const run = await bench('impossible', clients({ n: 4, rampUp: 0, requests: 64, maxTokens: 8 })).run()
  expect(run).toMeetSLO({ ttft: { p50: '<= 0.001ms' }, outputTokensPerSecond: '>= 1000000', successRate: '>= 99%' })
})

import { expect, test } from 'vitest'
import { requestRate } from 'vitest-llm-bench'

test.for([5, 20])('%i requests a second', async (rate, { bench }) => {
  const run = await bench(`rate ${rate}`, requestRate({ rate, duration: 5, maxTokens: 16 })).run()
  expect(run).toMeetSLO({
    successRate: '>= 99%',
    e2e: { p50: '<= 5s' },
    goodput: { ttft: '<= 5s', tpot: '<= 500ms', share: '>= 90%' },
  })
})

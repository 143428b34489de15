// rosellm benchmark_scheduler: three ways of scheduling the same requests, side by side.
import { expect, test } from 'vitest'
import { offline, prompts, rosellm } from 'vitest-llm-bench'
import { engineModel, runsOn } from './subject.ts'

test.skipIf(!runsOn('rosellm'))('naive, offline and online scheduling', async ({ bench }) => {
  const engine = engineModel === undefined ? {} : { engine: rosellm({ model: engineModel, tokenizer: 'gpt2', device: 'cuda' }) }
  const load = {
    requests: 8,
    outputLength: 64,
    maxBatchSize: 8,
    temperature: 0.7,
    topP: 0.9,
    dataset: prompts(['Hello, this is a benchmark prompt.']),
    ...engine,
  }
  const result = await bench.compare(
    bench('naive', offline({ mode: 'naive', ...load })),
    bench('offline', offline({ mode: 'offline', ...load })),
    bench('online', offline({ mode: 'online', ...load })),
  )
  for (const mode of ['naive', 'offline', 'online'] as const) expect(result.get(mode)).toMeetSLO({ successRate: 1 })
})

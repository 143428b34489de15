import { expect, expectTypeOf, test } from 'vitest'
import type { BenchResult } from 'vitest'
import { clients, llama, offline, oneBatch, openai, requestRate, rollout } from 'vitest-llm-bench'
import type { BatchMetrics, ClientMetrics, Distribution, RequestMetrics, RunMetrics } from 'vitest-llm-bench'

test('a run has the figures of its kind of workload', async ({ bench }) => {
  const run = await bench('chat', clients({ n: 1 })).run()
  expectTypeOf(run.metrics).toEqualTypeOf<RequestMetrics>()
  expectTypeOf(run.metrics.ttft).toEqualTypeOf<Distribution | undefined>()
  expectTypeOf(run.metrics.client).toEqualTypeOf<ClientMetrics | undefined>()
  expectTypeOf(run.metrics.client!.validity).toEqualTypeOf<'valid' | 'degraded' | 'client-bound'>()
  expectTypeOf(run.latency.mean).toBeNumber()
  expectTypeOf(run.runs).toEqualTypeOf<readonly RequestMetrics[]>()
  const batch = await bench('batch', oneBatch({ batch: [1, 8] })).run()
  expectTypeOf(batch.metrics).toEqualTypeOf<BatchMetrics>()
  expectTypeOf(batch.runs).toEqualTypeOf<readonly BatchMetrics[]>()
})

test('an ordinary benchmark stays as it was', async ({ bench }) => {
  const run = await bench('sum', () => {}).run()
  expectTypeOf(run).toEqualTypeOf<BenchResult>()
  await bench('sum', { beforeAll() {} }, () => {}).run({ time: 5 })
})

test('workloads and functions stand in one comparison', async ({ bench }) => {
  const result = await bench.compare(
    bench('a', clients({ n: 1 })),
    bench('b', () => {}),
  )
  expectTypeOf(result.get).parameter(0).toEqualTypeOf<'a' | 'b'>()
  expect(result.get('a')).toMeetSLO({ ttft: { p50: 5 } })
  expectTypeOf(result.get('a').runs).toEqualTypeOf<readonly RunMetrics[] | undefined>()
  const held = expect(result.get('a')).toHoldAgainst(result.get('b'), { 'ttft.p99': { within: '10%' }, inconclusive: 'fail' })
  expectTypeOf(held).toEqualTypeOf<Promise<void>>()
  await held
  const stored = expect(result.get('a')).toHoldBaseline({ ttft: { p99: { within: '10%' } }, across: ['engine.version'] })
  expectTypeOf(stored).toEqualTypeOf<Promise<void>>()
  await stored
  // @ts-expect-error: a threshold, not the least change that matters
  await expect(result.get('a')).toHoldBaseline({ 'ttft.p99': '<= 200ms' })
  // @ts-expect-error: nothing to hold it against
  await expect(result.get('a')).toHoldAgainst()
  // @ts-expect-error: no result of a bench
  await expect(result.get('a')).toHoldAgainst('b')
})

test('options are checked in the editor', () => {
  clients({ n: 1, warmup: 16, abortOn: { errorRate: '20%', consecutive: 50 }, validity: { lag: '10ms', boundFactor: 4 } })
  rollout({ batch: 1, n: 1, warmup: { requests: 16 }, workers: 2 })
  requestRate({ rate: 1, warmup: { duration: '10s' } })
  offline({ warmup: { duration: 10 } })
  offline({ mode: 'online', maxBatchSize: 8, repeats: 3 })
  oneBatch({ batch: 1, repeats: { min: 3, max: 10 } })
  clients({ n: 1, engine: llama() })
  // @ts-expect-error: how often at most?
  oneBatch({ batch: 1, repeats: { min: 3 } })
  // @ts-expect-error: no such mode
  offline({ mode: 'batch' })
  // @ts-expect-error: an engine has no client that could disturb it
  offline({ validity: {} })
  // @ts-expect-error: no such number of workers
  clients({ n: 1, workers: 'all' })
  // @ts-expect-error: an engine is driven by one process
  offline({ workers: 2 })
  // @ts-expect-error: no such limit
  clients({ n: 1, abortOn: { errors: 5 } })
  // @ts-expect-error: no such limit
  clients({ n: 1, validity: { cpu: 0.9 } })
  // @ts-expect-error: a number of clients is needed
  clients({})
  // @ts-expect-error: no such option
  clients({ n: 1, rampup: 1 })
  // @ts-expect-error: no such order
  clients({ n: 1, order: 'any' })
  // @ts-expect-error: a target is no text
  rollout({ batch: 1, n: 1, target: 'http://127.0.0.1' })
  openai({ baseURL: 'http://127.0.0.1:8000', headers: { a: 'b' } })
})

test('golden answers are a file or another bench', () => {
  test('', async ({ bench }) => {
    const run = await bench('a', clients({ n: 1, keepAnswers: true, temperature: 0 })).run()
    await expect(run).toKeepAnswers('golden.json', { allow: '1%' })
    await expect(run).toKeepAnswers(run, { allow: 0.01 })
    // @ts-expect-error: no such option
    await expect(run).toKeepAnswers('golden.json', { within: '1%' })
  })
})

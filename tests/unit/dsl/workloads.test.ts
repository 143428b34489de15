import { expect, test } from 'vitest'
import { llama } from '../../../src/dsl/engines.ts'
import { embedded } from '../../../src/dsl/targets.ts'
import { needsEngine } from '../../../src/dsl/workload-spec.ts'
import type { WorkloadSpec } from '../../../src/dsl/workload-spec.ts'
import type { WarmupOption } from '../../../src/dsl/run-control.ts'
import { specOf, WORKLOAD } from '../../../src/dsl/workload.ts'
import type { Workload } from '../../../src/dsl/workload.ts'
import { clients, offline, oneBatch, requestRate, rollout } from '../../../src/dsl/workloads.ts'

const spec = <Spec extends WorkloadSpec>(workload: Workload<Spec>): Spec => specOf(workload) as Spec

test('the shortest calls have defaults for all else', () => {
  expect(spec(rollout({ batch: 8, n: 8 }))).toMatchObject({
    kind: 'rollout',
    maxConcurrency: 1000,
    temperature: 0.7,
    topP: 0.9,
    stream: true,
  })
  expect(spec(clients({ n: 100, rampUp: 10 }))).toMatchObject({
    kind: 'clients',
    rampUp: 10,
    requests: 1000,
    workers: 'auto',
    turns: 1,
    order: 'per-client',
  })
  expect(spec(oneBatch({ batch: 8 }))).toEqual({
    kind: 'oneBatch',
    batch: [8],
    inputLength: [128],
    outputLength: [32],
    warmup: true,
    correctness: false,
    runName: 'default',
    seed: 0,
    repeats: { min: 1, max: 1 },
  })
  expect(spec(offline())).toMatchObject({ kind: 'offline', requests: 64, warmup: { requests: 16 } })
  expect(spec(requestRate({ rate: 2.5 }))).toMatchObject({ kind: 'requestRate', requests: 25, distribution: 'poisson', burstiness: 1 })
})

test('a ramp-up left out is a tenth of a second for each client', () => {
  expect(spec(clients({ n: 30 })).rampUp).toBeCloseTo(3)
  expect(spec(clients({ n: 30, rampUp: 0 })).rampUp).toBe(0)
})

test('a duration takes the place of a number of requests', () => {
  expect(spec(clients({ n: 4, duration: '1m' }))).toMatchObject({ duration: 60 })
  expect(spec(clients({ n: 4, duration: '1m' }))).not.toHaveProperty('requests')
  expect(() => clients({ n: 4, duration: 1, requests: 2 })).toThrow('`duration` is 1: expected only one of `requests` and `duration`')
  expect(() => requestRate({ rate: 4, duration: 1, requests: 2 })).toThrow('expected only one of `requests` and `duration`')
})

test('a warm-up is a number of requests, or a time', () => {
  const workloads = [(warmup: WarmupOption) => clients({ n: 1, warmup }), (warmup: WarmupOption) => offline({ warmup })]
  for (const warmed of workloads) {
    expect(specOf(warmed(16))).toMatchObject({ warmup: { requests: 16 } })
    expect(specOf(warmed({ requests: 16 }))).toMatchObject({ warmup: { requests: 16 } })
    expect(specOf(warmed({ duration: '1m' }))).toMatchObject({ warmup: { duration: 60 } })
  }
  expect(spec(clients({ n: 1 }))).not.toHaveProperty('warmup')
})

test('what ends a hopeless run is a share, a number in a row, or both', () => {
  expect(spec(clients({ n: 1, abortOn: { errorRate: '20%', consecutive: 50 } })).abortOn).toEqual({ errorRate: 0.2, consecutive: 50 })
  expect(spec(rollout({ batch: 1, n: 1, abortOn: { errorRate: 0.5 } })).abortOn).toEqual({ errorRate: 0.5 })
})

test('a spec is plain data that survives JSON and a structured clone', () => {
  for (const workload of [
    rollout({ batch: 2, n: 2 }),
    clients({ n: 1 }),
    requestRate({ rate: 1 }),
    offline(),
    oneBatch({ batch: [1, 2] }),
  ]) {
    const plain = specOf(workload)
    expect(JSON.parse(JSON.stringify(plain))).toEqual(plain)
    expect(structuredClone(plain)).toEqual(plain)
  }
})

test.for<[string, () => unknown, string]>([
  ['no clients', () => clients({ n: 0 }), '`n` is 0: expected a whole number from 1'],
  ['a NaN ramp-up', () => clients({ n: 1, rampUp: Number.NaN }), '`rampUp` is NaN: expected a number of seconds'],
  ['a missing n', () => rollout({ batch: 1 } as never), '`n` is missing'],
  ['minTokens above maxTokens', () => clients({ n: 1, minTokens: 5, maxTokens: 4 }), 'expected `minTokens` of at most `maxTokens`'],
  ['a rate of nothing', () => requestRate({ rate: 0 }), '`rate` is 0: expected more than 0 requests a second'],
  ['burstiness without gamma', () => requestRate({ rate: 1, burstiness: 2 }), "`burstiness` is 2: applies to `distribution: 'gamma'` only"],
  ['a bad output length', () => clients({ n: 1, outputLength: 'long' as never }), "expected 'dataset', 'free' or a whole number from 1"],
  ['a bad order', () => clients({ n: 1, order: 'random' as never }), "expected 'per-client' or 'shared'"],
  ['an empty batch', () => oneBatch({ batch: [] }), '`batch` is []: expected at least one value'],
  ['a batch of 0', () => oneBatch({ batch: [1, 0] }), '`batch.1` is 0: expected a whole number from 1'],
  ['a warm-up of half a request', () => clients({ n: 1, warmup: 0.5 }), 'expected a whole number'],
  ['a warm-up of both', () => clients({ n: 1, warmup: { requests: 1, duration: 1 } }), '`warmup` is {"requests":1,"duration":1}: expected'],
  [
    'an error rate above 1',
    () => clients({ n: 1, abortOn: { errorRate: 20 } }),
    '`abortOn.errorRate` is 20: expected a share from 0 to 1, or a string such as "5%"',
  ],
  ['an error rate of nothing', () => clients({ n: 1, abortOn: { errorRate: '0%' } }), 'expected more than 0%'],
  ['no workers at all', () => clients({ n: 1, workers: 0 }), "`workers` is 0: expected 'auto' or a whole number from 1 to 256"],
  ['too many workers', () => clients({ n: 1, workers: 1000 }), 'whole number from 1 to 256'],
  ['workers by another word', () => rollout({ batch: 1, n: 1, workers: 'all' as never }), "expected 'auto' or"],
  ['no limit of failures', () => clients({ n: 1, abortOn: {} }), 'expected `errorRate`, `consecutive` or both'],
  ['no options', () => (clients as () => unknown)(), 'clients() was called without options: it needs `n`'],
])('%s is refused', ([, call, message]) => {
  expect(call).toThrow(message)
})

test('a workload is no function to call', () => {
  expect(clients({ n: 1 })).toThrow(/clients\(\) is a workload and not a function to call.*bench\('name', clients/)
  expect(clients({ n: 1 })).toThrow('with `test.projects`, each project needs it, or `extends: true`')
})

test('what is no workload has no spec', () => {
  expect([undefined, null, {}, () => 1, 'clients'].map(specOf)).toEqual([undefined, undefined, undefined, undefined, undefined])
})

test("another release's workload is refused", () => {
  const other = Object.assign(() => {}, { [WORKLOAD]: { version: 99, spec: { kind: 'clients' } } })
  expect(() => specOf(other)).toThrow(/another release of vitest-llm-bench \(spec version 99/)
})

test('offline and one batch need an engine, the others a server', () => {
  const workloads = [offline(), oneBatch({ batch: 1 }), clients({ n: 1 }), requestRate({ rate: 1 }), rollout({ batch: 1, n: 1 })]
  expect(workloads.map((workload) => needsEngine(specOf(workload)!))).toEqual([true, true, false, false, false])
})

test('a workload has a server or an engine, not both', () => {
  expect(clients({ n: 1, engine: llama() })[WORKLOAD].spec).toMatchObject({ engine: { kind: 'llama' } })
  expect(() => clients({ n: 1, engine: llama(), target: embedded() })).toThrow('expected only one of `target` and `engine`')
  expect(() => requestRate({ rate: 1, workers: 2, engine: llama() })).toThrow('`workers` is 2: applies to servers only')
  expect(() => rollout({ batch: 1, n: 2, nPerRequest: true, engine: llama() })).toThrow('`nPerRequest` is true: applies to servers only')
})

test('offline has a mode or a concurrency, and a batch size where a mode is named', () => {
  expect(offline({ mode: 'online' })[WORKLOAD].spec).toMatchObject({ mode: 'online', maxBatchSize: 8 })
  expect(offline({ mode: 'naive', maxBatchSize: 4 })[WORKLOAD].spec).not.toHaveProperty('maxBatchSize')
  expect(() => offline({ mode: 'all' as never })).toThrow("expected 'naive', 'offline' or 'online'")
  expect(() => offline({ mode: 'naive', concurrency: 4 })).toThrow('expected only one of `mode` and `concurrency`')
  expect(() => offline({ maxBatchSize: 4 })).toThrow('`maxBatchSize` is 4: applies where a `mode` is named')
})

test('every workload may be run several times: so often, or from least to most', () => {
  for (const workload of [
    clients({ n: 1, repeats: 3 }),
    requestRate({ rate: 1, repeats: 3 }),
    rollout({ batch: 1, n: 1, repeats: 3 }),
    offline({ repeats: 3 }),
    oneBatch({ batch: 1, repeats: 3 }),
  ]) {
    expect(specOf(workload)).toMatchObject({ repeats: { min: 3, max: 3 } })
  }
  expect(spec(clients({ n: 1, repeats: { min: 3, max: 10 } })).repeats).toEqual({ min: 3, max: 10 })
  expect(() => clients({ n: 1, repeats: 0 })).toThrow('clients(): `repeats` is 0: expected a whole number from 1')
  expect(() => clients({ n: 1, repeats: { min: 3, max: 2 } })).toThrow('`repeats.min` is 3: expected `min` of at most `max`')
  expect(() => clients({ n: 1, repeats: 'often' as never })).toThrow('expected a whole number')
  expect(() => rollout({ batch: 1, n: 1, resume: true, repeats: 2 })).toThrow('expected a single run with `resume`')
})

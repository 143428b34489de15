import { describe, expect, test } from 'vitest'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { offline, oneBatch } from '../../../src/dsl/workloads.ts'
import type { OfflineOptions } from '../../../src/dsl/workloads.ts'
import type { Engine } from '../../../src/engines/engine.ts'
import { offlineCalls, offlineLoop, scheduleOf } from '../../../src/load/offline.ts'
import { runBatchCases } from '../../../src/load/one-batch.ts'
import { ProgressMeter } from '../../../src/load/progress-meter.ts'
import { TokenCounter } from '../../../src/load/token-counter.ts'
import { startClock } from '../../../src/metrics/clock.ts'
import { MemoryEngine } from './memory-engine.ts'
import { numbered, words } from './memory-target.ts'

const runOffline = async (options: OfflineOptions, engine = new MemoryEngine(), cancel = new AbortController()) => {
  const spec = offline({ maxTokens: 6, ...options })[WORKLOAD].spec
  const dataset = numbered(5)
  const counter = new TokenCounter(() => Promise.resolve(words))
  const driver = { spec, dataset, engine, clock: startClock(), counter, progress: new ProgressMeter(), signal: cancel.signal }
  const result = await offlineLoop(driver, offlineCalls(spec, dataset))
  return { engine, result, driver, columns: await result.log.finish() }
}

const schedule = (options: OfflineOptions) => scheduleOf(offline({ requests: 12, ...options })[WORKLOAD].spec)

describe('offline', () => {
  test('short warm-up requests come first, then everything at once', async () => {
    const { engine, columns, result } = await runOffline({ requests: 12, warmup: 3, maxTokens: 40 })
    expect(engine.generated.map((requests) => [requests.length, requests[0]!.maxTokens])).toEqual([
      [3, 16],
      [12, 40],
    ])
    expect(columns.length).toBe(12)
    expect(new Set(columns.scheduledNs).size).toBe(1)
    expect(result).toMatchObject({ wrapped: true, partial: false })
    expect(result.notes).toEqual(['Warmed up by 3 requests before the clock, which no figure counts.'])
    expect(columns.targets).toEqual(['memory'])
  })

  test('a seed that has no effect is told where answers are sampled', async () => {
    const noSeed = 'the engine heeds no seed'
    const notes = async (options: OfflineOptions) =>
      (await runOffline({ warmup: 0, ...options }, new MemoryEngine({ noSeed }))).result.notes
    expect(await notes({ temperature: 1 })).toEqual([`${noSeed}: sampled answers differ from run to run.`])
    expect(await notes({})).toEqual([])
  })

  test('no two warm-up prompts begin alike, nor as one of the load does', async () => {
    const engine = new MemoryEngine()
    await runOffline({ requests: 5, warmup: 7 }, engine)
    const [warmup, load] = engine.generated.map((requests) => requests.map(({ messages }) => messages.at(-1)!.content))
    expect(warmup).toEqual([...load!, ...load!].slice(0, 7).map((prompt, i) => `Warm-up ${i + 1}. ${prompt}`))
  })

  test('a warm-up of some time goes on for that long, with ever new prompts', async () => {
    const { engine, driver } = await runOffline({ requests: 5, warmup: { duration: 0.02 } })
    const prompts = engine.generated.slice(0, -1).flatMap((requests) => requests.map(({ messages }) => messages[0]!.content))
    expect(new Set(prompts).size).toBe(prompts.length)
    expect(driver.clock.now()).toBeGreaterThanOrEqual(0.02e9)
    expect(engine.generated.slice(0, -1).every((requests) => requests.length === 16)).toBe(true)
    expect(engine.generated.at(-1)).toHaveLength(5)
  })

  test('the span is from the first submission, which is before the engine has the request, to the last token', async () => {
    const { result, columns } = await runOffline({ requests: 5 })
    const [startNs, endNs] = result.span!
    expect(startNs).toBeLessThanOrEqual(Math.min(...columns.scheduledNs))
    expect(Math.min(...columns.scheduledNs)).toBeLessThan(Math.min(...columns.sentNs))
    expect(endNs).toBe(Math.max(...columns.lastTokenNs.filter((at) => at > 0)))
  })

  test.for([
    [{ mode: 'naive' }, 1],
    [{ concurrency: 4 }, 4],
    [{ concurrency: 64 }, 12],
  ] as const)('%j has one request in flight after another, in the same order', async ([options, inFlight]) => {
    const { engine, columns } = await runOffline({ requests: 12, warmup: 0, ...options })
    const { engine: plain } = await runOffline({ requests: 12, warmup: 0 })
    expect(engine.generated.map((requests) => requests.length)).toEqual(Array(12).fill(1))
    expect(engine.generated.flat()).toEqual(plain.generated.flat())
    expect(engine.mostInFlight).toBe(inFlight)
    expect(columns.length).toBe(12)
  })

  test.for(['offline', 'online'] as const)('%s hands all requests over at once: the scheduling is the engine’s', async (mode) => {
    const { engine } = await runOffline({ requests: 12, warmup: 0, mode })
    expect(engine.generated.map((requests) => requests.length)).toEqual([12])
  })

  test('each mode says how many requests are decoded together', () => {
    expect(schedule({})).toBeUndefined()
    expect(schedule({ concurrency: 4 })).toBeUndefined()
    expect(schedule({ mode: 'naive', maxBatchSize: 3 })).toEqual({ mode: 'naive', together: 1 })
    expect(schedule({ mode: 'offline', maxBatchSize: 3 })).toEqual({ mode: 'offline', together: 12 })
    expect(schedule({ mode: 'online', maxBatchSize: 3 })).toEqual({ mode: 'online', together: 3 })
    expect(schedule({ mode: 'online' })).toEqual({ mode: 'online', together: 8 })
  })

  test('a request that the engine refuses is a failed one', async () => {
    const { result, columns } = await runOffline({ requests: 5, warmup: 0 })
    expect(result.log.facts.errors[0]).toMatchObject({ kind: 'server', count: 1, example: 'too long' })
    expect(columns.completed.filter((completed) => completed === 1)).toHaveLength(4)
  })

  test('a cancel keeps what had ended', async () => {
    const engine = new MemoryEngine()
    const cancel = new AbortController()
    engine.onCall = (index) => {
      if (index === 3) cancel.abort()
    }
    const { result, columns } = await runOffline({ requests: 10, warmup: 0 }, engine, cancel)
    expect(result.partial).toBe(true)
    expect(columns.length).toBe(3)
  })
})

const runCases = (options: Partial<Parameters<typeof oneBatch>[0]>, engine: Engine, signal = new AbortController().signal) =>
  runBatchCases({ spec: oneBatch({ batch: 1, ...options })[WORKLOAD].spec, engine, progress: new ProgressMeter(), signal })

describe('one batch', () => {
  test('the cases are the product of the lists, after a short warm-up of the first', async () => {
    const engine = new MemoryEngine()
    const record = await runCases({ batch: [1, 4], inputLength: [16], outputLength: [32, 64] }, engine)
    expect(engine.batches.map(({ batch, inputLength, outputLength }) => [batch, inputLength, outputLength])).toEqual([
      [1, 16, 8],
      [1, 16, 32],
      [1, 16, 64],
      [4, 16, 32],
      [4, 16, 64],
    ])
    expect(record.cases).toHaveLength(4)
    expect(record.cases[3]!.decodeNs).toHaveLength(63)
  })

  test('without warm-up only the cases run', async () => {
    const engine = new MemoryEngine()
    await runCases({ warmup: false }, engine)
    expect(engine.batches).toHaveLength(1)
  })

  test('a case that does not fit is skipped and says so', async () => {
    const record = await runCases({ batch: [1, 16] }, new MemoryEngine())
    expect(record.cases[1]).toMatchObject({ batch: 16, skipped: 'too large' })
    expect(record.notes).toEqual(['batch 16, input 128, output 32 was skipped: too large'])
  })

  test('a run of which no case fits is an error', async () => {
    await expect(runCases({ batch: [16, 32] }, new MemoryEngine())).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: expect.stringContaining('too large'),
    })
  })

  test('a cancel keeps the cases that are done', async () => {
    const engine = new MemoryEngine()
    const cancel = new AbortController()
    engine.onCall = (index) => {
      if (index === 3) cancel.abort()
    }
    const record = await runCases({ batch: [1, 2, 3, 4] }, engine, cancel.signal)
    expect(record.partial).toBe(true)
    expect(record.cases).toHaveLength(2)
  })

  test('an engine that breaks ends the run with its error', async () => {
    const engine = new MemoryEngine()
    engine.onCall = () => {
      throw new Error('broken')
    }
    await expect(runCases({}, engine)).rejects.toThrow('broken')
  })
})

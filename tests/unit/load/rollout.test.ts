import { describe, expect, test } from 'vitest'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { rollout } from '../../../src/dsl/workloads.ts'
import type { RolloutOptions } from '../../../src/dsl/workloads.ts'
import type { RolloutBatch } from '../../../src/files/rollout-files.ts'
import { rolloutLoop, rolloutResult } from '../../../src/load/rollout.ts'
import type { RestoredBatch } from '../../../src/load/restored-batches.ts'
import { countNotes } from '../../../src/load/token-counter.ts'
import { driverOf, MemoryTarget, numbered } from './memory-target.ts'
import type { MemoryTargetOptions } from './memory-target.ts'

interface Extra {
  rows?: number
  restored?: RestoredBatch[]
  signal?: AbortSignal
}

const run = async (
  options: Partial<RolloutOptions>,
  targetOptions?: MemoryTargetOptions,
  { rows = 10, restored = [], signal }: Extra = {},
) => {
  const target = new MemoryTarget(targetOptions)
  const spec = rollout({ batch: 4, n: 3, maxTokens: 5, ...options })[WORKLOAD].spec
  const appended: RolloutBatch[] = []
  const appendBatch = async (batch: RolloutBatch): Promise<void> => void appended.push(batch)
  const driver = driverOf(spec, numbered(rows), target, signal)
  const { log, facts } = await rolloutLoop(driver, { restored, appendBatch })
  return { target, result: rolloutResult([facts], log.span), requests: log.facts, appended, driver, columns: await log.finish() }
}

test('batches run one after another, the last partial one too', async () => {
  const { target, result, appended, columns } = await run({}, { latencyMs: 2 })
  expect(target.sent).toHaveLength(30)
  expect(target.mostInFlight).toBe(12)
  expect(appended.map(({ index, prompts }) => [index, prompts.length])).toEqual([
    [0, 4],
    [1, 4],
    [2, 2],
  ])
  const batches = result.batches!
  for (const [i, { startNs, endNs }] of batches.entries()) {
    expect(endNs).toBeGreaterThan(startNs)
    if (i > 0) expect(startNs).toBeGreaterThanOrEqual(batches[i - 1]!.endNs)
  }
  expect([...columns.batch]).toEqual([...Array(12).fill(0), ...Array(12).fill(1), ...Array(6).fill(2)])
  expect(result.partial).toBe(false)
})

test('each sample of a prompt has a seed of its own, the same in every run', async () => {
  const [first, second] = [await run({ n: 8 }), await run({ n: 8 })].map(({ target }) => target.sent.map(({ request }) => request.seed))
  expect(new Set(first).size).toBe(80)
  expect(second).toEqual(first)
})

test('rows are taken in their order', async () => {
  const { appended } = await run({}, {}, { rows: 6 })
  expect(appended.flatMap(({ prompts }) => prompts.map(({ promptIndex, text }) => `${promptIndex} ${text}`))).toEqual(
    Array.from({ length: 6 }, (_, i) => `${i} prompt ${i}`),
  )
})

test('maxConcurrency holds within a batch', async () => {
  const { target } = await run({ maxConcurrency: 5 }, { latencyMs: 2 })
  expect(target.sent).toHaveLength(30)
  expect(target.mostInFlight).toBe(5)
})

test('texts, counts and finish reasons go to the batch', async () => {
  const { appended } = await run({ n: 2, batch: 1 }, { text: (i) => `answer ${i}` }, { rows: 1 })
  const answer = { tokens: 5, finishReason: 'length', failed: false }
  expect(appended[0]!.prompts).toEqual([
    {
      promptIndex: 0,
      text: 'prompt 0',
      answers: [
        { ...answer, text: 'answer 0' },
        { ...answer, text: 'answer 1' },
      ],
    },
  ])
})

test('texts are asked for only where details are kept', async () => {
  expect((await run({ details: false })).target.sent[0]!.request.keepText).toBe(false)
  expect((await run({})).target.sent[0]!.request.keepText).toBe(true)
})

test('a failed call is recorded as failed and the run goes on', async () => {
  const { appended, result, requests, columns } = await run({}, { fail: (i) => (i === 4 ? 'reset' : undefined) })
  expect(appended).toHaveLength(3)
  expect(appended[0]!.prompts[1]!.answers.map(({ failed, tokens }) => [failed, tokens])).toEqual([
    [false, 5],
    [true, 0],
    [false, 5],
  ])
  expect(columns.length).toBe(30)
  expect(requests.errors).toMatchObject([{ kind: 'reset', count: 1, example: 'request 4: reset' }])
  expect(result.notes).toEqual([expect.stringContaining('Batch 0: 1 of 12 responses failed')])
})

test('tokens that the server does not count are counted as the batch ends', async () => {
  const { appended, driver } = await run({}, { usage: false, text: () => 'three words here' })
  expect(appended[0]!.prompts[0]!.answers[0]!.tokens).toBe(3)
  expect(appended[0]!.rows[0]).toMatchObject({ promptTokens: 2, outputTokens: 3 })
  expect(driver.counter.facts.sources).toEqual({ output: 'tokenizer', input: 'tokenizer', tokenizer: 'words' })
})

describe('nPerRequest', () => {
  test('sends one request a prompt and makes a row of each answer', async () => {
    const { target, columns, appended } = await run({ nPerRequest: true })
    expect(target.sent.map(({ request }) => request.n)).toEqual(Array(10).fill(3))
    expect([...columns.sampleIndex].slice(0, 6)).toEqual([0, 1, 2, 0, 1, 2])
    expect([...columns.outputTokens]).toEqual(Array(30).fill(5))
    expect(appended[0]!.prompts[0]!.answers).toHaveLength(3)
  })

  test('counts the prompt that the answers share once', async () => {
    const { columns } = await run({ nPerRequest: true })
    expect([...columns.promptTokens].slice(0, 6)).toEqual([7, 0, 0, 7, 0, 0])
  })

  test('splits the sum of usage by the texts where chunks do not add up to it', async () => {
    const texts = ['one', 'one two', 'one two three']
    const { columns, driver } = await run({ nPerRequest: true }, { chunks: () => 1, text: (_i, _request, choice) => texts[choice]! })
    expect([...columns.outputTokens].slice(0, 3)).toEqual([3, 5, 7])
    expect(countNotes(driver.counter.facts)).toHaveLength(1)
  })

  test('fails every answer of a failed request', async () => {
    const { columns, requests } = await run({ nPerRequest: true }, { fail: (i) => (i === 0 ? 'http' : undefined) })
    expect([...columns.completed].slice(0, 6)).toEqual([0, 0, 0, 1, 1, 1])
    expect(requests.errors[0]).toMatchObject({ kind: 'http', count: 3 })
  })
})

test('a cancel keeps finished batches, and the half-done one only as requests', async () => {
  const cancel = new AbortController()
  let ended = 0
  const { result, appended, columns } = await run(
    { maxConcurrency: 2 },
    {
      latencyMs: 3,
      fail: () => {
        if (++ended === 16) cancel.abort()
        return undefined
      },
    },
    { signal: cancel.signal },
  )
  expect(appended.map(({ index }) => index)).toEqual([0])
  expect(result.batches).toHaveLength(1)
  expect(result.partial).toBe(true)
  expect(columns.length).toBeGreaterThan(12)
  expect(columns.length).toBeLessThan(24)
})

describe('a resumed rollout', () => {
  const row = { promptIndex: 4, batch: 1, scheduledNs: 0, sentNs: 0, completed: true, promptTokens: 7, outputTokens: 5 }
  const restored: RestoredBatch[] = [{ index: 1, startNs: 0, endNs: 50, rows: Array.from({ length: 12 }, () => row) }]

  test('does not run finished batches again and keeps their rows and times', async () => {
    const { target, result, appended, columns } = await run({}, {}, { restored })
    expect(target.sent).toHaveLength(18)
    expect(appended.map(({ index }) => index)).toEqual([0, 2])
    expect(result.batches!.map(({ index }) => index)).toEqual([0, 1, 2])
    const [first, second] = [result.batches![0]!, result.batches![1]!]
    expect(result.span![0]).toBe(second.startNs)
    expect(second.endNs - second.startNs).toBeCloseTo(50, 3)
    expect(second.endNs).toBeLessThanOrEqual(first.startNs)
    expect(columns.sentNs[0]).toBe(second.startNs)
    expect(columns.length).toBe(30)
    expect(result.partial).toBe(false)
    expect(result.notes).toEqual([expect.stringContaining('1 batch comes from')])
  })

  test('names the failures of its finished batches too', async () => {
    const failed = { ...row, completed: false, errorKind: 'http' as const }
    const { result } = await run({}, {}, { restored: [{ ...restored[0]!, rows: [failed, ...restored[0]!.rows.slice(1)] }] })
    expect(result.notes).toContainEqual(expect.stringContaining('Batch 1: 1 of 12 responses failed'))
  })
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { llama } from '../../../src/dsl/engines.ts'
import { Batcher } from '../../../src/engines/llama/batcher.ts'
import type { BatcherJob, JobEnd, JobHandle } from '../../../src/engines/llama/batcher.ts'
import { loadModel } from '../../../src/engines/llama/load-model.ts'
import type { LoadedModel } from '../../../src/engines/llama/load-model.ts'
import { PromptTokens } from '../../../src/engines/llama/prompt-tokens.ts'

let loaded: LoadedModel
let batcher: Batcher
let prompt: BatcherJob['prompt']
beforeAll(async () => {
  loaded = await loadModel(llama(), import.meta.dirname)
  batcher = await Batcher.create(loaded, { parallel: 2, contextLength: 256, maxBatchTokens: 64 })
  prompt = new PromptTokens(loaded).text('the')
})
afterAll(async () => {
  await batcher.close()
  await loaded.dispose()
})

interface Started {
  readonly job: JobHandle
  readonly ended: Promise<JobEnd>
  readonly tokens: number[]
}

function start(maxTokens: number, onToken: (count: number, job: JobHandle) => boolean = () => true): Started {
  const tokens: number[] = []
  const { promise: ended, resolve } = Promise.withResolvers<JobEnd>()
  const job: JobHandle = batcher.submit({
    prompt,
    maxTokens,
    sampling: { temperature: 0, seed: 0, ignoreEos: false, minTokens: 0 },
    onToken: (token) => onToken(tokens.push(token), job),
    onEnd: resolve,
  })
  return { job, ended, tokens }
}

test('a paused job generates nothing while others go on, and goes on where it was', async () => {
  const paused = start(10, (count, job) => {
    if (count === 3) job.pause()
    return true
  })
  const other = start(20)
  expect(await other.ended).toEqual({ reason: 'length' })
  expect(paused.tokens).toHaveLength(3)
  expect(batcher.processing).toBe(1)
  paused.job.resume()
  expect(await paused.ended).toEqual({ reason: 'length' })
  expect(paused.tokens).toEqual(other.tokens.slice(0, 10))
  expect(batcher.processing).toBe(0)
})

test('a paused job can be cancelled with nothing else running', async () => {
  const { job, ended } = start(10, (_, job) => {
    job.pause()
    return true
  })
  await start(10).ended
  job.cancel()
  expect(await ended).toEqual({ reason: 'cancelled' })
})

test('jobs beyond the sequences wait their turn, and can be cancelled there', async () => {
  const order: number[] = []
  const jobs = [30, 30, 5, 5].map((length, index) => {
    const started = start(length)
    void started.ended.then(() => order.push(index))
    return started
  })
  jobs[3]!.job.cancel()
  expect(await jobs[3]!.ended).toEqual({ reason: 'cancelled' })
  await Promise.all(jobs.map(({ ended }) => ended))
  expect(order).toEqual([3, 0, 1, 2])
  expect(jobs[3]!.tokens).toEqual([])
})

test('a sink that has enough, or throws, ends its own job only', async () => {
  const enough = start(10, (count) => count < 2)
  const broken = start(10, () => {
    throw new Error('sink')
  })
  const fine = start(10)
  expect(await enough.ended).toEqual({ reason: 'ended' })
  expect(await broken.ended).toMatchObject({ reason: 'failed', error: { message: 'sink' } })
  expect(await fine.ended).toEqual({ reason: 'length' })
})

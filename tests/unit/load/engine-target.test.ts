import { describe, expect, test } from 'vitest'
import { WORKLOAD } from '../../../src/dsl/workload.ts'
import { clients, requestRate, rollout } from '../../../src/dsl/workloads.ts'
import type { EngineInfo } from '../../../src/engines/engine.ts'
import { LlmBenchError } from '../../../src/errors.ts'
import { EngineTarget } from '../../../src/load/engine-target.ts'
import { startClock } from '../../../src/metrics/clock.ts'
import type { GenerateRequest } from '../../../src/targets/target.ts'
import { MemoryEngine } from './memory-engine.ts'

const clock = startClock()
const { signal } = new AbortController()

function open(info: Partial<EngineInfo> = {}, workload: { readonly [WORKLOAD]: { readonly spec: unknown } } = clients({ n: 1 })) {
  const engine = new MemoryEngine(info)
  let tokens = 0
  const onTokens = (count: number): void => {
    tokens += count
  }
  const target = new EngineTarget(engine, workload[WORKLOAD].spec as never, { clock, onTokens })
  return { engine, target, tokens: () => tokens }
}

function request(content: string, more: Partial<GenerateRequest> = {}): GenerateRequest {
  return { messages: [{ role: 'user', content }], maxTokens: 5, n: 1, stream: true, keepText: false, seed: 3, ...more }
}

describe('an engine in the place of a server', () => {
  test('is asked as the workload asks, and answers with its own counts and times', async () => {
    const { engine, target, tokens } = open()
    expect(await target.prepare()).toEqual({ model: 'tiny', version: 'memory 1', streams: true, noSeed: undefined })
    const answer = await target.send(request('hello', { temperature: 1, doSample: false, topK: 4, ignoreEos: true }), signal)
    expect(engine.generated).toEqual([
      [
        expect.objectContaining({
          messages: [{ role: 'user', content: 'hello' }],
          maxTokens: 5,
          temperature: 0,
          topK: 4,
          ignoreEos: true,
          seed: 3,
        }),
      ],
    ])
    const { sentNs, choices } = answer
    expect(answer).toMatchObject({ address: 'memory', endNs: sentNs! + 2e6, usage: { promptTokens: 4, outputTokens: 5 } })
    expect(choices).toMatchObject([
      { firstTokenNs: sentNs! + 1e6, lastTokenNs: sentNs! + 2e6, chunks: 5, finishReason: 'length', text: '' },
    ])
    expect(answer).not.toHaveProperty('connectNs')
    expect(tokens()).toBe(5)
    expect((await target.send(request('hello', { keepText: true }), signal)).choices[0]!.text).toBe('text')
  })

  test('shows no times of tokens where none were asked for', async () => {
    const { choices, sentNs, endNs } = await open().target.send(request('hello', { stream: false }), signal)
    expect(choices[0]).not.toHaveProperty('firstTokenNs')
    expect(endNs - sentNs!).toBeCloseTo(2e6, 3)
  })

  test('a request that it refuses has failed; one that was cancelled has not', async () => {
    const { target } = open()
    expect((await target.send(request('prompt 3'), signal)).error).toEqual({ kind: 'server', message: 'too long' })
    expect((await target.send(request('hello'), AbortSignal.abort())).error!.kind).toBe('cancelled')
  })

  test('an engine that fails fails the request, with its words', async () => {
    const { engine, target } = open()
    engine.onCall = () => {
      throw new LlmBenchError('ENGINE', 'no room')
    }
    expect((await target.send(request('hello'), signal)).error).toEqual({ kind: 'server', message: 'no room' })
  })

  test('one that gives whole answers is refused where tokens are to be seen as they come', async () => {
    const whole = { streams: false }
    await expect(open(whole).target.prepare()).rejects.toThrow(/clients\(\) on memory: .*`stream: false`/)
    await expect(open(whole, requestRate({ rate: 1 })).target.prepare()).rejects.toThrow(/requestRate\(\)/)
    expect(await open(whole, clients({ n: 1, stream: false })).target.prepare()).toMatchObject({ streams: false })
    expect(await open(whole, rollout({ batch: 1, n: 1 })).target.prepare()).toMatchObject({ streams: false })
  })
})

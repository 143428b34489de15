import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { childEnvironment } from '../../src/child-process.ts'
import type { Engine, EngineAnswer, EngineRequest, GenerateOptions } from '../../src/engines/engine.ts'
import { loadEngine } from '../../src/engines/load-engine.ts'
import { PATIENCE_MS } from '../patience.ts'
import { newMark, processesWith } from './marked-processes.ts'
import { PARALLEL } from './engine.ts'
import type { EngineUnderTest } from './engine.ts'

const CONTEXT = 512
const never = new AbortController().signal

function request(content: string, options: Partial<EngineRequest> = {}): EngineRequest {
  return { messages: [{ role: 'user', content }], maxTokens: 12, ignoreEos: true, temperature: 0, seed: 0, ...options }
}

const seeded = (seed: number): EngineRequest => request('say something', { seed, temperature: 1 })

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0)

/** The cases that every engine must pass. */
export function describeEngine(engineUnderTest: EngineUnderTest): void {
  const { name, spec, count, contextLimit, queues, tokenByToken, outputLength } = engineUnderTest
  const streams = tokenByToken || outputLength === undefined
  /** For cases whose requests ask for answers of their own lengths. */
  const ofAnyLength = test.skipIf(outputLength !== undefined)

  describe(name, () => {
    let engine: Engine
    beforeAll(async () => {
      engine = await loadEngine(spec, { use: 'generate', contextLength: CONTEXT }, { root: process.cwd() })
    })
    afterAll(() => engine.close())

    function generate(requests: EngineRequest[], options: Partial<GenerateOptions> = {}): Promise<EngineAnswer[]> {
      return engine.generate(requests, { originNs: process.hrtime.bigint(), signal: never, ...options })
    }

    test('it says what it is', () => {
      const { info } = engine
      expect(info).toMatchObject({
        name: expect.stringMatching(/./) as string,
        version: expect.stringMatching(/\d/) as string,
        model: expect.stringMatching(/./) as string,
        streams,
      })
      expect(info.outputLength).toBe(outputLength)
      if (outputLength !== undefined) return
      expect(info.contextLength).toBeGreaterThanOrEqual(CONTEXT)
      expect(info.contextLength).toBeLessThanOrEqual(contextLimit)
    })

    test('more requests than sequences: every answer has just the tokens asked for, and every count agrees', async () => {
      const lengths = Array.from({ length: 3 * PARALLEL }, (_, index) => outputLength ?? 1 + ((index * 7) % 20))
      let progressed = 0
      const ended = new Map<number, EngineAnswer>()
      const answers = await generate(
        lengths.map((maxTokens, index) => request(`question ${index}`, { maxTokens })),
        {
          onTokens: (tokens) => (progressed += tokens),
          onAnswer: (index, answer) => {
            expect(ended.has(index)).toBe(false)
            ended.set(index, answer)
          },
        },
      )
      expect(answers.map(({ outputTokens }) => outputTokens)).toEqual(lengths)
      if (count !== undefined) expect(await Promise.all(answers.map(({ text }) => count(text)))).toEqual(lengths)
      expect(progressed).toBe(sum(lengths))
      expect(answers.map((_, index) => ended.get(index))).toEqual(answers)
      for (const answer of answers) {
        expect(answer.error).toBeUndefined()
        expect(answer.finishReason).toBe('length')
      }
      const [short, long] = await generate([request('one'), request('one '.repeat(20))])
      expect(long!.promptTokens - short!.promptTokens).toBeGreaterThanOrEqual(19)
    })

    ofAnyLength('times are in order and on the clock of the caller', async () => {
      const originNs = process.hrtime.bigint() - 5_000_000_000n
      const answers = await generate(
        Array.from({ length: 2 * PARALLEL }, (_, index) => request(`question ${index}`)),
        { originNs },
      )
      const endNs = Number(process.hrtime.bigint() - originNs)
      for (const { sentNs, firstTokenNs, lastTokenNs, gapsMs, outputTokens } of answers) {
        expect(sentNs).toBeGreaterThanOrEqual(5e9)
        expect(firstTokenNs!).toBeGreaterThanOrEqual(sentNs)
        expect(lastTokenNs!).toBeGreaterThanOrEqual(firstTokenNs!)
        expect(lastTokenNs!).toBeLessThanOrEqual(endNs)
        if (tokenByToken) expect(gapsMs).toHaveLength(outputTokens - 1)
        else expect(gapsMs.length).toBeLessThan(outputTokens)
        expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(0)
        // Gaps are single-precision milliseconds.
        expect(Math.abs(sum(gapsMs) * 1e6 - (lastTokenNs! - firstTokenNs!))).toBeLessThan(1000)
      }
      // All were handed over at once; those without a sequence waited for one.
      const firsts = answers.map(({ firstTokenNs }) => firstTokenNs!)
      expect(Math.max(...answers.map(({ sentNs }) => sentNs))).toBeLessThan(Math.min(...firsts))
      if (queues) expect(Math.max(...firsts)).toBeGreaterThan(Math.min(...answers.map(({ lastTokenNs }) => lastTokenNs!)))
    })

    ofAnyLength('an answer of one token has one time and no gap', async () => {
      const [answer] = await generate([request('question', { maxTokens: 1 })])
      expect(answer).toMatchObject({ outputTokens: 1, gapsMs: new Float32Array(0), lastTokenNs: answer!.firstTokenNs })
    })

    test('the same seed gives the same text, other seeds other ones', async () => {
      const first = (await generate([1, 2, 3].map(seeded))).map(({ text }) => text)
      const again = (await generate([1, 2, 3].map(seeded))).map(({ text }) => text)
      expect(again).toEqual(first)
      expect(new Set(first).size).toBe(3)
    })

    ofAnyLength('a request that does not fit the context fails alone', async () => {
      const limit = engine.info.contextLength!
      const [tooLong, fine] = await generate([request('question', { maxTokens: limit }), request('question')])
      expect(tooLong).toMatchObject({ outputTokens: 0, error: expect.stringContaining(String(limit)) as string })
      expect(tooLong!.finishReason).toBeUndefined()
      expect(fine).toMatchObject({ outputTokens: 12 })
      expect(fine!.error).toBeUndefined()
    })

    ofAnyLength('an abort ends what runs and what waits, keeps what there is, and leaves the engine usable', async () => {
      const abort = new AbortController()
      const ended: number[] = []
      let abortedAt = 0
      const answers = await generate(
        Array.from({ length: 3 * PARALLEL }, (_, index) => request('question', { maxTokens: index === 1 ? 4 : 400 })),
        {
          signal: abort.signal,
          onAnswer: (index) => ended.push(index),
          onTokens: () => {
            if (!ended.includes(1) || abort.signal.aborted) return
            abortedAt = performance.now()
            abort.abort()
          },
        },
      )
      expect(performance.now() - abortedAt).toBeLessThan(20_000)
      expect(ended.toSorted((a, b) => a - b)).toEqual([...answers.keys()])
      for (const [index, answer] of answers.entries()) {
        if (index === 1) expect(answer).toMatchObject({ outputTokens: 4, finishReason: 'length' })
        else expect(answer.error).toMatch(/./)
        expect(answer.outputTokens).toBeLessThan(400)
      }
      expect(answers[0]!.outputTokens).toBeGreaterThan(0)
      if (queues) expect(answers.at(-1)).toMatchObject({ outputTokens: 0, gapsMs: new Float32Array(0) })
      expect((await generate([request('question')]))[0]!.outputTokens).toBe(12)
    })

    test('an abort that came before leaves every answer empty', async () => {
      const answers = await generate([request('question'), request('question')], { signal: AbortSignal.abort() })
      for (const answer of answers) {
        expect(answer.outputTokens).toBe(0)
        expect(answer.error).toMatch(/./)
      }
    })

    describe.skipIf(!engineUnderTest.oneBatch)('one batch', () => {
      let engine: Engine
      beforeAll(async () => {
        engine = await loadEngine(spec, { use: 'oneBatch', batch: 6, contextLength: CONTEXT }, { root: process.cwd() })
      })
      afterAll(() => engine.close())

      test.for([1, 6])('every forward pass holds all %i sequences', async (batch) => {
        const result = await engine.oneBatch({ batch, inputLength: 24, outputLength: 12, seed: 0 }, never)
        expect(result).toMatchObject({ batch, inputLength: 24, outputLength: 12, sequencesPerDecode: Array<number>(12).fill(batch) })
        expect(result.prefillNs).toBeGreaterThan(0)
        expect(result.decodeNs).toHaveLength(11)
        expect(Math.min(...result.decodeNs)).toBeGreaterThan(0)
      })

      test('one output token is the prefill alone', async () => {
        const result = await engine.oneBatch({ batch: 2, inputLength: 8, outputLength: 1, seed: 0 }, never)
        expect(result).toMatchObject({ decodeNs: [], sequencesPerDecode: [2] })
      })

      test('a case that does not fit the context is skipped with the reason', async () => {
        const result = await engine.oneBatch({ batch: 1, inputLength: contextLimit, outputLength: 1, seed: 0 }, never)
        expect(result).toMatchObject({ batch: 1, inputLength: contextLimit, outputLength: 1, decodeNs: [] })
        expect(result.skipped).toContain(String(contextLimit))
        expect(result.prefillNs).toBeUndefined()
      })

      test('a batch that can not be held is skipped with the reason', async () => {
        const result = await engine.oneBatch({ batch: 100_000, inputLength: 256, outputLength: 1, seed: 0 }, never)
        expect(result.skipped).toContain('100000')
      })

      test('an abort ends it with an error, before it and in the middle, and leaves the engine usable', async () => {
        const input = { batch: 2, inputLength: 8, outputLength: 2000, seed: 0 }
        await expect(engine.oneBatch(input, AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
        const abort = new AbortController()
        const running = engine.oneBatch(input, abort.signal)
        setTimeout(() => abort.abort(), 30)
        await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
        expect((await engine.oneBatch({ ...input, outputLength: 2 }, never)).decodeNs).toHaveLength(1)
      })
    })

    const entry = fileURLToPath(new URL('./engine-child.ts', import.meta.url))

    test.for(['done', ...(streams ? ['generating'] : []), ...(engineUnderTest.oneBatch ? ['in a batch'] : [])])(
      'closed when %s, again and again, it leaves nothing behind',
      async (when) => {
        const mark = newMark()
        const child = spawn(process.execPath, [entry, JSON.stringify(spec), when], {
          env: { ...childEnvironment(), ...mark },
          stdio: ['ignore', 'inherit', 'inherit'],
        })
        expect(await once(child, 'exit')).toEqual([0, null])
        expect(await processesWith(mark)).toEqual([])
      },
    )

    test('a process that is killed takes its engine along', async () => {
      const mark = newMark()
      const child = spawn(process.execPath, [entry, JSON.stringify(spec), 'killed'], {
        env: { ...childEnvironment(), ...mark },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      child.kill('SIGKILL')
      await expect.poll(() => processesWith(mark), { timeout: PATIENCE_MS }).toEqual([])
    })

    test('loading can be broken off', async () => {
      const loading = loadEngine(spec, { use: 'generate', contextLength: 64 }, { root: process.cwd(), signal: AbortSignal.abort() })
      await expect(loading).rejects.toMatchObject({ code: 'CANCELLED' })
    })
  })
}

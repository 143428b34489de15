import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Tokenizer } from '@huggingface/tokenizers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { llama } from '../../../src/dsl/engines.ts'
import type { Engine, EngineAnswer, EngineRequest } from '../../../src/engines/engine.ts'
import { loadEngine } from '../../../src/engines/load-engine.ts'
import { loadModel } from '../../../src/engines/llama/load-model.ts'
import { encodeTinyModel, ensureTinyModel } from '../../../src/engines/llama/tiny-model.ts'
import { tinyVocabulary } from '../../../src/engines/llama/tiny-vocabulary.ts'
import { TokenTexts, TokenTextStream } from '../../../src/engines/llama/token-text.ts'

const NEEDS = { parallel: 8, contextLength: 512 }
const never = new AbortController().signal

let folder: string
let engine: Engine
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llama-engine-'))
  engine = await loadEngine(llama(), NEEDS, folder)
})
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true })
})

function request(question: string, options: Partial<EngineRequest> = {}): EngineRequest {
  return { messages: [{ role: 'user', content: question }], maxTokens: 16, ignoreEos: false, temperature: 0, seed: 0, ...options }
}

function generate(requests: EngineRequest[], of = engine, signal = never): Promise<EngineAnswer[]> {
  return of.generate(requests, { originNs: process.hrtime.bigint(), signal })
}

function seeded(seed: number): EngineRequest {
  return request('say something', { seed, temperature: 1, maxTokens: 24 })
}

function several(options: Partial<EngineRequest>): EngineRequest[] {
  return Array.from({ length: 16 }, (_, seed) => request('question', { seed, temperature: 1, maxTokens: 40, ...options }))
}

const texts = (answers: EngineAnswer[]): string[] => answers.map(({ text }) => text)

describe('generate', () => {
  test('twenty requests over eight sequences: every answer has just the tokens asked for', async () => {
    const tokenizer = new Tokenizer(JSON.parse(await readFile((await ensureTinyModel()).tokenizer, 'utf8')) as object, {})
    const count = (text: string): number => tokenizer.encode(text, { add_special_tokens: false }).ids.length
    let progressed = 0
    const ended: number[] = []
    const lengths = Array.from({ length: 20 }, (_, index) => 1 + ((index * 7) % 30))
    const answers = await engine.generate(
      lengths.map((maxTokens, index) => request(`question ${index}`, { maxTokens })),
      {
        originNs: process.hrtime.bigint(),
        signal: never,
        onTokens: (tokens) => (progressed += tokens),
        onAnswer: (index) => ended.push(index),
      },
    )
    expect(answers.map(({ outputTokens }) => outputTokens)).toEqual(lengths)
    expect(answers.map(({ text }) => count(text))).toEqual(lengths)
    expect(progressed).toBe(lengths.reduce((sum, length) => sum + length))
    expect(ended.toSorted((a, b) => a - b)).toEqual([...lengths.keys()])
    for (const [index, answer] of answers.entries()) {
      const prompt = `<s><|im_start|>user\nquestion ${index}<|im_end|>\n<|im_start|>assistant\n`
      expect(answer).toMatchObject({ finishReason: 'length', promptTokens: count(prompt) })
      expect(answer.gapsMs).toHaveLength(answer.outputTokens - 1)
      expect(answer.firstTokenNs).toBeGreaterThan(answer.sentNs)
      const gaps = answer.gapsMs.reduce((sum, gap) => sum + gap, 0)
      expect(answer.lastTokenNs! - answer.firstTokenNs!).toBeCloseTo(gaps * 1e6, -4)
    }
  })

  test('greedy answers are the same alone and in a full batch', async () => {
    const requests = Array.from({ length: 8 }, (_, index) => request(`tell me about the number ${index}`))
    const together = await generate(requests)
    const alone = await generate([requests[3]!])
    expect(alone[0]!.text).toBe(together[3]!.text)
    expect(new Set(texts(together)).size).toBeGreaterThan(1)
  })

  test('the same seed gives the same text, another seed another one', async () => {
    const [one] = await generate([seeded(1)])
    const [again] = await generate([seeded(1)])
    const [two] = await generate([seeded(2)])
    expect(again!.text).toBe(one!.text)
    expect(two!.text).not.toBe(one!.text)
  })

  test('a seed that llama.cpp takes for "random" is as good as any other', async () => {
    const requests = [seeded(0xffff_ffff)]
    expect(texts(await generate(requests))).toEqual(texts(await generate(requests)))
  })

  test('a prompt longer than a forward pass takes goes in pieces and changes nothing', async () => {
    const long = request(`${'the light of the old country '.repeat(60)}ends`, { maxTokens: 8 })
    const small = await loadEngine(llama(), { ...NEEDS, maxBatchTokens: 64 }, folder)
    const [whole] = await generate([long])
    const pieces = await generate([long, request('other'), long], small)
    await small.close()
    expect(whole!.promptTokens).toBeGreaterThan(300)
    expect([pieces[0]!.text, pieces[2]!.text]).toEqual([whole!.text, whole!.text])
  })

  test('a request that does not fit the context fails alone', async () => {
    const [tooLong, fine] = await generate([request('question', { maxTokens: 512 }), request('question')])
    expect(tooLong).toMatchObject({
      outputTokens: 0,
      error: expect.stringMatching(/need \d+ tokens of context, a sequence has 512/) as string,
    })
    expect(fine!.error).toBeUndefined()
  })

  test('an abort ends running and queued requests; the engine goes on', async () => {
    const abort = new AbortController()
    let tokens = 0
    const answers = await engine.generate(
      Array.from({ length: 12 }, () => request('question', { maxTokens: 400 })),
      {
        originNs: process.hrtime.bigint(),
        signal: abort.signal,
        onTokens: () => {
          if (++tokens === 40) abort.abort()
        },
      },
    )
    for (const answer of answers) expect(answer.error).toBe('cancelled')
    expect(tokens).toBeLessThan(100)
    expect((await generate([request('question')]))[0]!.outputTokens).toBe(16)
  })

  test('sequences are used again without end, and no answer depends on what ran before', async () => {
    const requests = Array.from({ length: 100 }, () => request('question', { maxTokens: 2 }))
    expect(new Set(texts(await generate(requests))).size).toBe(1)
  })
})

describe('a model that ends its answers', () => {
  let ending: Engine
  beforeAll(async () => {
    const vocabulary = tinyVocabulary()
    const spoken = new Set([vocabulary.ids.eos, ...[...vocabulary.spoken].slice(0, 3)])
    await writeFile(join(folder, 'ending.gguf'), encodeTinyModel({ ...vocabulary, spoken }))
    ending = await loadEngine(llama({ model: 'ending.gguf' }), NEEDS, folder)
  })
  afterAll(() => ending.close())

  test('stops there, and does not count the token that ends it', async () => {
    const answers = await generate(several({}), ending)
    expect(answers.some(({ outputTokens, finishReason }) => finishReason === 'stop' && outputTokens < 40)).toBe(true)
    expect(texts(answers).join('')).not.toContain('</s>')
  })

  test('goes on with ignoreEos', async () => {
    for (const answer of await generate(several({ ignoreEos: true }), ending)) {
      expect(answer).toMatchObject({ outputTokens: 40, finishReason: 'length' })
    }
  })

  test('goes on until minTokens', async () => {
    const counts = (await generate(several({ minTokens: 12 }), ending)).map(({ outputTokens }) => outputTokens)
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(12)
    expect(counts.some((count) => count < 40)).toBe(true)
  })

  test('is named for its file', () => {
    expect(ending.info).toMatchObject({ name: 'llama.cpp', model: 'ending', contextLength: 512 })
    expect(ending.info.version).toMatch(/node-llama-cpp 3\.21\.1/)
  })
})

describe('one batch', () => {
  test.for([1, 8])('every forward pass holds all %i sequences', async (batch) => {
    const result = await engine.oneBatch({ batch, inputLength: 32, outputLength: 16, seed: 0 }, never)
    expect(result).toMatchObject({ batch, inputLength: 32, outputLength: 16, sequencesPerDecode: Array<number>(16).fill(batch) })
    expect(result.prefillNs).toBeGreaterThan(0)
    expect(result.decodeNs).toHaveLength(15)
    expect(Math.min(...result.decodeNs)).toBeGreaterThan(0)
  })

  test('one output token is the prefill alone', async () => {
    const result = await engine.oneBatch({ batch: 2, inputLength: 8, outputLength: 1, seed: 0 }, never)
    expect(result).toMatchObject({ decodeNs: [], sequencesPerDecode: [2] })
  })

  test('a case that does not fit the context is skipped with the reason', async () => {
    const result = await engine.oneBatch({ batch: 1, inputLength: 8000, outputLength: 400, seed: 0 }, never)
    expect(result.skipped).toBe('input and output need 8400 tokens of context, the model has 8192')
    expect(result.prefillNs).toBeUndefined()
  })

  test('an abort ends it', async () => {
    await expect(engine.oneBatch({ batch: 1, inputLength: 8, outputLength: 8, seed: 0 }, AbortSignal.abort())).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})

test('bytes of a character come as text when it is whole', async () => {
  const loaded = await loadModel(llama(), folder)
  const stream = new TokenTextStream(new TokenTexts(loaded.model))
  const tokens = loaded.model.tokenize('a€b')
  expect(tokens).toHaveLength(5)
  expect(tokens.map((token) => stream.push(token))).toEqual(['a', '', '', '€', 'b'])
  stream.push(tokens[1]!)
  expect(stream.end()).toBe('\uFFFD')
  await loaded.dispose()
})

describe('a model that can not be loaded gives one clear error', () => {
  test.for([
    ['missing.gguf', undefined, /model `missing\.gguf` can't be read: there is no file .*missing\.gguf/],
    ['empty.gguf', Buffer.alloc(0), /not a GGUF file/],
    ['text.gguf', Buffer.from('<html>'), /not a GGUF file/],
    ['head.gguf', Buffer.from('GGUF'), /llama\.cpp can't load the model `head\.gguf`/],
    ['cut.gguf', encodeTinyModel().subarray(0, 1_000_000), /llama\.cpp can't load the model `cut\.gguf`/],
  ] as const)('%s', async ([name, content, message]) => {
    if (content !== undefined) await writeFile(join(folder, name), content)
    await expect(loadEngine(llama({ model: name }), NEEDS, folder)).rejects.toMatchObject({
      code: 'ENGINE',
      message: expect.stringMatching(message) as string,
    })
  })
})

test('in a worker thread it generates, closes and lets the thread end', async () => {
  const worker = new Worker(new URL('./engine-worker.ts', import.meta.url))
  const counts: unknown[] = []
  worker.on('message', (count) => counts.push(count))
  const code = await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject))
  expect({ counts, code }).toEqual({ counts: [[8, 8]], code: 0 })
})

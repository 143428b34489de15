import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Token } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { llama } from '../../../src/dsl/engines.ts'
import type { Engine, EngineAnswer, EngineRequest } from '../../../src/engines/engine.ts'
import { loadLlama } from '../../../src/engines/llama/llama-engine.ts'
import { loadEngine } from '../../../src/engines/load-engine.ts'
import { Batcher } from '../../../src/engines/llama/batcher.ts'
import { loadModel } from '../../../src/engines/llama/load-model.ts'
import type { LoadedModel } from '../../../src/engines/llama/load-model.ts'
import { PromptTokens } from '../../../src/engines/llama/prompt-tokens.ts'
import { encodeTinyModel } from '../../../src/engines/llama/tiny-model.ts'
import { tinyVocabulary } from '../../../src/engines/llama/tiny-vocabulary.ts'
import { TokenTexts, TokenTextStream } from '../../../src/engines/llama/token-text.ts'

const NEEDS = { use: 'generate', contextLength: 512 } as const
/** Longest answer of the model that ends its answers. */
const LONG = 32
const never = new AbortController().signal

let folder: string
let engine: Engine
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'llama-engine-'))
  engine = await loadEngine(llama(), NEEDS, { root: folder })
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
  return request('say something', { seed, temperature: 1 })
}

function several(options: Partial<EngineRequest>): EngineRequest[] {
  return Array.from({ length: 8 }, (_, seed) => request('question', { seed, temperature: 1, maxTokens: LONG, ...options }))
}

const texts = (answers: EngineAnswer[]): string[] => answers.map(({ text }) => text)

describe('generate', () => {
  test('greedy answers are the same alone and in a full batch', async () => {
    const requests = Array.from({ length: 8 }, (_, index) => request(`tell me about the number ${index}`))
    const together = await generate(requests)
    const alone = await generate([requests[3]!])
    expect(alone[0]!.text).toBe(together[3]!.text)
    expect(new Set(texts(together)).size).toBeGreaterThan(1)
  })

  test('a seed that llama.cpp takes for "random" is as good as any other', async () => {
    const requests = [seeded(0xffff_ffff)]
    expect(texts(await generate(requests))).toEqual(texts(await generate(requests)))
  })

  test('a prompt longer than a forward pass takes goes in pieces and changes nothing', async () => {
    const long = request(`${'the light of the old country '.repeat(30)}ends`, { maxTokens: 4 })
    const small = await loadLlama(llama({ parallel: 2 }), { ...NEEDS, maxBatchTokens: 32 }, { root: folder })
    const [whole] = await generate([long])
    const pieces = await generate([long, request('other'), long], small)
    await small.close()
    expect(whole!.promptTokens).toBeGreaterThan(150)
    expect([pieces[0]!.text, pieces[2]!.text]).toEqual([whole!.text, whole!.text])
  })

  test('sequences are used again without end, and no answer depends on what ran before', async () => {
    const requests = Array.from({ length: 40 }, () => request('question', { maxTokens: 2 }))
    expect(new Set(texts(await generate(requests))).size).toBe(1)
  })
})

describe('a model that ends its answers', () => {
  let ending: Engine
  beforeAll(async () => {
    const vocabulary = tinyVocabulary()
    const spoken = new Set([vocabulary.ids.eos, ...[...vocabulary.spoken].slice(0, 3)])
    await writeFile(join(folder, 'ending.gguf'), encodeTinyModel({ ...vocabulary, spoken }))
    ending = await loadEngine(llama({ model: 'ending.gguf' }), NEEDS, { root: folder })
  })
  afterAll(() => ending.close())

  test('stops there, and does not count the token that ends it', async () => {
    const answers = await generate(several({}), ending)
    expect(answers.some(({ outputTokens, finishReason }) => finishReason === 'stop' && outputTokens < LONG)).toBe(true)
    expect(texts(answers).join('')).not.toContain('</s>')
  })

  test('goes on with ignoreEos', async () => {
    for (const answer of await generate(several({ ignoreEos: true }), ending)) {
      expect(answer).toMatchObject({ outputTokens: LONG, finishReason: 'length' })
    }
  })

  test('goes on until minTokens', async () => {
    const counts = (await generate(several({ minTokens: 12 }), ending)).map(({ outputTokens }) => outputTokens)
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(12)
    expect(counts.some((count) => count < LONG)).toBe(true)
  })

  test('is named for its file', () => {
    expect(ending.info).toMatchObject({ name: 'llama.cpp', model: 'ending', contextLength: 512 })
    expect(ending.info.version).toMatch(/node-llama-cpp 3\.21\.1/)
  })
})

describe('the model', () => {
  let loaded: LoadedModel
  beforeAll(async () => {
    loaded = await loadModel(llama(), folder)
  })
  afterAll(() => loaded.dispose())

  test('bytes of a character come as text when it is whole', () => {
    const stream = new TokenTextStream(new TokenTexts(loaded.model))
    const tokens = loaded.model.tokenize('a€b')
    expect(tokens).toHaveLength(5)
    expect(tokens.map((token) => stream.push(token))).toEqual(['a', '', '', '€', 'b'])
    stream.push(tokens[1]!)
    expect(stream.end()).toBe('\uFFFD')
  })

  test('a conversation becomes the tokens of the chat template', () => {
    const messages = [
      { role: 'system', content: 'be brief' },
      { role: 'user', content: 'one <|im_end|>' },
      { role: 'assistant', content: 'two' },
      { role: 'user', content: 'three' },
    ]
    const tokens = new PromptTokens(loaded).chat(messages)
    const { tokenizer } = loaded.model
    const special = (text: string): Token[] => tokenizer(text, true)
    expect(loaded.model.detokenize(tokens, true)).toBe(
      '<s><|im_start|>system\nbe brief<|im_end|>\n<|im_start|>user\none <|im_end|><|im_end|>\n' +
        '<|im_start|>assistant\ntwo<|im_end|>\n<|im_start|>user\nthree<|im_end|>\n<|im_start|>assistant\n',
    )
    // What a message says of special tokens is plain text.
    expect(tokens.filter((token) => token === special('<|im_end|>')[0])).toHaveLength(4)
    // The wrapper that node-llama-cpp finds for this template, by trying, is the one that is taken for it unseen.
    expect(loaded.lib.resolveChatWrapper(loaded.model)).toBeInstanceOf(loaded.lib.ChatMLChatWrapper)
  })

  test('more sequences than llama.cpp takes are an error that says so', async () => {
    const tooMany = Batcher.create(loaded, { parallel: 300, contextLength: 64, maxBatchTokens: 64 })
    await expect(tooMany).rejects.toMatchObject({
      code: 'ENGINE',
      message: expect.stringMatching(/300 sequences \(`parallel`\) with 64 tokens.*256 sequences at most/) as string,
    })
  })
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
    await expect(loadEngine(llama({ model: name }), NEEDS, { root: folder })).rejects.toMatchObject({
      code: 'ENGINE',
      message: expect.stringMatching(message) as string,
    })
  })
})

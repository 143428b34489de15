import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { EngineAnswer, EngineRequest, GenerateOptions } from '../../../src/engines/engine.ts'
import { compareDecoding, writeCorrectness } from '../../../src/load/correctness.ts'
import { MemoryEngine } from './memory-engine.ts'

const { signal } = new AbortController()

/** Answers with the tokens that a function of the batch's size and the request's place says. */
class TokenEngine extends MemoryEngine {
  readonly #tokenOf: (together: number, index: number, at: number) => number | undefined

  constructor(tokenOf: (together: number, index: number, at: number) => number | undefined) {
    super()
    this.#tokenOf = tokenOf
  }

  override async generate(requests: readonly EngineRequest[], options: GenerateOptions): Promise<EngineAnswer[]> {
    const answers = await super.generate(requests, options)
    return answers.map((answer, index) => {
      const tokens = Array.from({ length: answer.outputTokens }, (_, at) => this.#tokenOf(requests.length, index, at))
      return tokens.every((token) => token !== undefined) ? { ...answer, text: tokens.join(' '), tokens } : answer
    })
  }
}

test('an engine that decodes a batch as it decodes single prompts agrees wholly', async () => {
  const engine = new TokenEngine((_, __, at) => at)
  const { agreement, answers } = await compareDecoding(engine, signal)
  expect(agreement).toBe(1)
  expect(answers.every(({ batched, single }) => batched === single)).toBe(true)
  expect(engine.generated.map((requests) => requests.length)).toEqual([answers.length, ...answers.map(() => 1)])
  expect(new Set(engine.generated.flat().map(({ temperature, ignoreEos }) => `${temperature} ${ignoreEos}`))).toEqual(new Set(['0 true']))
})

test('tokens that differ lower the share, of a prompt and of all', async () => {
  // Of the first prompt the last quarter differs in the batch.
  const { agreement, answers } = await compareDecoding(
    new TokenEngine((together, index, at) => (together > 1 && index === 0 && at >= 24 ? -at : at)),
    signal,
  )
  expect(answers.map((answer) => answer.agreement)).toEqual([0.75, 1, 1, 1])
  expect(agreement).toBe(1 - 0.25 / 4)
})

test('an engine that tells no tokens is an error that says so', async () => {
  await expect(compareDecoding(new TokenEngine(() => undefined), signal)).rejects.toMatchObject({
    code: 'RUN_FAILED',
    message: 'oneBatch({ correctness: true }): memory does not tell the tokens of its answers',
  })
})

test('the answers are kept, a line for each prompt', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-bench-correctness-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const correctness = await compareDecoding(new TokenEngine((_, __, at) => at), signal)
  await writeCorrectness(folder, correctness)
  const lines = (await readFile(join(folder, 'correctness.jsonl'), 'utf8')).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(correctness.answers)
})

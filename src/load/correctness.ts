import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine, EngineAnswer, EngineRequest } from '../engines/engine.ts'
import { LlmBenchError } from '../errors.ts'

/** Of different lengths, so that a batch of them is padded or ragged. */
const PROMPTS = [
  'The capital of France is',
  'The capital of the United Kingdom is',
  'Today is a sunny day and I like',
  'Count from one to ten in words, then say how many of those words have more than four letters:',
] as const
const TOKENS = 32

/** Sequences and tokens of context that the comparison needs of an engine. */
export const CORRECTNESS_NEEDS = { batch: PROMPTS.length, contextLength: 512 } as const

/** How one prompt was answered, both ways. */
interface ComparedAnswer {
  readonly prompt: string
  readonly batched: string
  readonly single: string
  /** Share of tokens that are the same at the same place, 0 to 1. */
  readonly agreement: number
}

/** What the comparison came to. */
export interface Correctness {
  /** Over the tokens of all prompts, 0 to 1. */
  readonly agreement: number
  readonly answers: readonly ComparedAnswer[]
}

/**
 * Answers a few fixed prompts greedily, all together and then each alone. Engines that compute with 32 bits agree on every token; with
 * fewer, sums in another order may make another token the best, and all that follow it differ.
 * @throws {LlmBenchError} `RUN_FAILED` where a prompt was not answered, or the engine does not tell tokens
 */
export async function compareDecoding(engine: Engine, signal: AbortSignal): Promise<Correctness> {
  const requests = PROMPTS.map((content): EngineRequest => ({
    messages: [{ role: 'user', content }],
    maxTokens: TOKENS,
    ignoreEos: true,
    temperature: 0,
    seed: 0,
  }))
  const options = { originNs: process.hrtime.bigint(), signal, keepTokens: true }
  const batched = await engine.generate(requests, options)
  const answers: ComparedAnswer[] = []
  let equal = 0
  for (const [i, request] of requests.entries()) {
    const [single] = await engine.generate([request], options)
    const same = equalTokens(tokensOf(batched[i]!, engine), tokensOf(single!, engine))
    equal += same
    answers.push({ prompt: PROMPTS[i]!, batched: batched[i]!.text, single: single!.text, agreement: same / TOKENS })
  }
  return { agreement: equal / (TOKENS * PROMPTS.length), answers }
}

/** Keeps the answers in the run's folder, a line for each prompt. */
export async function writeCorrectness(folder: string, { answers }: Correctness): Promise<void> {
  await writeFile(join(folder, 'correctness.jsonl'), answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''))
}

function tokensOf({ tokens, error }: EngineAnswer, { info }: Engine): readonly number[] {
  if (tokens !== undefined && error === undefined) return tokens
  throw new LlmBenchError(
    'RUN_FAILED',
    `oneBatch({ correctness: true }): ${error === undefined ? `${info.name} does not tell the tokens of its answers` : `a prompt was not answered: ${error}`}`,
  )
}

function equalTokens(a: readonly number[], b: readonly number[]): number {
  return a.filter((token, i) => token === b[i]).length
}

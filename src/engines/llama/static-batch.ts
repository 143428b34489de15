import type { LlamaContext, LlamaContextSequence, Token } from 'node-llama-cpp'
import { LlmBenchError, messageOf } from '../../errors.ts'
import type { BatchCase } from '../../metrics/record.ts'
import type { OneBatchInput } from '../engine.ts'
import type { LoadedModel } from './load-model.ts'
import { xorshift32 } from './tiny-weights.ts'

const GREEDY = { generateNext: { token: true, options: { temperature: 0 } } }

/**
 * Runs one static batch: a single forward pass over all inputs that yields each sequence's first token, then output length − 1
 * decode steps, each one forward pass over all sequences. Every pass is timed apart.
 * @param contextLimit tokens of context that a sequence may have
 * @throws {LlmBenchError} `CANCELLED` when the signal aborts
 */
export async function runStaticBatch(
  loaded: LoadedModel,
  input: OneBatchInput,
  contextLimit: number,
  signal: AbortSignal,
): Promise<BatchCase> {
  const { batch, inputLength, outputLength } = input
  const lengths = { batch, inputLength, outputLength }
  const needed = inputLength + outputLength
  if (needed > contextLimit) {
    return { ...lengths, decodeNs: [], skipped: `input and output need ${needed} tokens of context, the model has ${contextLimit}` }
  }
  const sequencesPerDecode: number[] = []
  let context: LlamaContext
  try {
    context = await loaded.model.createContext({
      ...loaded.contextDefaults,
      sequences: batch,
      contextSize: needed,
      batchSize: batch * inputLength,
      batching: {
        // A later turn of the event loop dispatches the batch, so all sequences are in it.
        dispatchSchedule: 'nextCycle',
        itemPrioritizationStrategy: ({ items }) => {
          sequencesPerDecode.push(items.length)
          return items.map((item) => ({ item, processAmount: item.tokens.length }))
        },
      },
    })
  } catch (error) {
    return { ...lengths, decodeNs: [], skipped: `a context of ${batch} × ${needed} tokens can't be made: ${messageOf(error)}` }
  }
  try {
    const sequences = Array.from({ length: batch }, () => context.getSequence())
    return { ...lengths, ...(await timePasses(sequences, randomPrompts(loaded, input), outputLength, signal)), sequencesPerDecode }
  } finally {
    await context.dispose()
  }
}

async function timePasses(
  sequences: readonly LlamaContextSequence[],
  prompts: readonly (readonly Token[])[],
  outputLength: number,
  signal: AbortSignal,
): Promise<{ prefillNs: number; decodeNs: number[] }> {
  const decodeNs: number[] = []
  throwIfAborted(signal)
  let started = process.hrtime.bigint()
  let tokens = await Promise.all(sequences.map((sequence, index) => nextToken(sequence, prompts[index]!)))
  const prefillNs = Number(process.hrtime.bigint() - started)
  for (let step = 1; step < outputLength; step++) {
    throwIfAborted(signal)
    started = process.hrtime.bigint()
    tokens = await Promise.all(sequences.map((sequence, index) => nextToken(sequence, [tokens[index]!])))
    decodeNs.push(Number(process.hrtime.bigint() - started))
  }
  return { prefillNs, decodeNs }
}

async function nextToken(sequence: LlamaContextSequence, input: readonly Token[]): Promise<Token> {
  const results = await sequence.controlledEvaluate([...input.slice(0, -1), [input.at(-1)!, GREEDY]])
  const token = results.at(-1)?.next.token
  if (token === undefined || token === null) throw new LlmBenchError('ENGINE', 'llama.cpp gave no next token')
  return token
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new LlmBenchError('CANCELLED', 'the static batch was cancelled')
}

function randomPrompts({ model }: LoadedModel, { batch, inputLength, seed }: OneBatchInput): Token[][] {
  const usable = [...model.iterateAllTokens()].filter((token) => !model.isSpecialToken(token) && !model.isEogToken(token))
  // Seeds near each other start a xorshift alike; spread by a multiplication they don't.
  const next = xorshift32(Math.imul(seed + 1, 0x9e37_79b1))
  return Array.from({ length: batch }, () => Array.from({ length: inputLength }, () => usable[next() % usable.length]!))
}

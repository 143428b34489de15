import type { LlamaModel, SequenceEvaluateOptions, Token, TokenBias } from 'node-llama-cpp'
import { LlmBenchError } from '../../errors.ts'
import type { LoadedModel } from './load-model.ts'

/** How the tokens of one answer are chosen; what is left out is OpenAI's default. */
export interface Sampling {
  /** 0 is greedy (default: 1). */
  readonly temperature?: number | undefined
  /** Default: 1. */
  readonly topP?: number | undefined
  /** 0 is all (default). */
  readonly topK?: number | undefined
  /** Any whole number. */
  readonly seed: number
  readonly ignoreEos: boolean
  /** Tokens before which the answer can't end. */
  readonly minTokens: number
}

/** llama.cpp takes this seed for "choose one yourself". */
const RANDOM_SEED = 0xffff_ffff

/** Makes the options of `sequence.evaluate` for a model. */
export class SamplingOptions {
  readonly #noBias: TokenBias
  readonly #noEnd: TokenBias

  constructor({ lib, model }: LoadedModel) {
    this.#noBias = new lib.TokenBias(model.tokenizer)
    this.#noEnd = new lib.TokenBias(model.tokenizer)
    // `TokenBias.set` leaves tokens that end a generation alone; benchmarks need just these to be banned.
    const biases: unknown = Reflect.get(this.#noEnd, '_biases')
    if (!(biases instanceof Map)) {
      throw new LlmBenchError('ENGINE', 'this release of node-llama-cpp has another TokenBias than 3.21.1: install node-llama-cpp@3.21.1')
    }
    for (const token of endTokens(model)) biases.set(token, -Infinity)
  }

  /**
   * @param generated how many tokens there are already, asked before each one
   */
  for(sampling: Sampling, generated: () => number): SequenceEvaluateOptions {
    const { temperature = 1, topP = 1, topK = 0, minTokens, ignoreEos } = sampling
    const seed = sampling.seed >>> 0
    return {
      temperature,
      topP,
      topK,
      seed: seed === RANDOM_SEED ? 0 : seed,
      yieldEogToken: true,
      ...(ignoreEos
        ? { tokenBias: this.#noEnd }
        : minTokens > 0 && { tokenBias: () => (generated() < minTokens ? this.#noEnd : this.#noBias) }),
    }
  }
}

function endTokens(model: LlamaModel): Token[] {
  return [...model.iterateAllTokens()].filter((token) => model.isEogToken(token))
}

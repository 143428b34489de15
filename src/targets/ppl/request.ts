import { promptText } from '../prompt-text.ts'
import { samplingFields } from '../sampling.ts'
import type { GenerateRequest } from '../target.ts'
import type { PplChoosing, PplRequest } from './messages.ts'

/** Greedy decoding in the server's own terms. */
const GREEDY: PplChoosing = { temperature: 0, topK: 1, topP: 0, doSample: false, seed: 0, repetitionPenalty: 1 }

/**
 * One request for each of the answers that are asked for, their ids one after another. The protocol has no way of leaving an
 * option to the server: where nothing is asked for, decoding is greedy, and what restricts sampling is off.
 */
export function pplRequests(asked: GenerateRequest, firstId: number): PplRequest[] {
  const prompt = promptText(asked.messages)
  const ignoreEosToken = asked.ignoreEos === true || asked.minTokens === asked.maxTokens
  return Array.from({ length: asked.n }, (_, i) => ({
    id: firstId + i,
    prompt,
    choosing: choosing(asked, i),
    maxNewTokens: asked.maxTokens,
    ignoreEosToken,
  }))
}

function choosing(asked: GenerateRequest, answer: number): PplChoosing {
  const { doSample, temperature = 1, topP = 1, topK = 0 } = samplingFields(asked)
  if (doSample !== true) return GREEDY
  // One seed for all answers would make them alike.
  const seed = asked.seed === undefined ? 0 : asked.seed + answer
  return { temperature, topK, topP, doSample, seed, repetitionPenalty: 1 }
}

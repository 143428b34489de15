import type { GenerateRequest } from './target.ts'

/** How tokens are to be chosen, for protocols that say it by a switch beside the numbers. */
export interface SamplingFields {
  /** Absent where nothing was asked for, so that the server's default holds. */
  readonly doSample?: boolean | undefined
  /** Absent for greedy decoding, as the rest is. */
  readonly temperature?: number | undefined
  readonly topP?: number | undefined
  readonly topK?: number | undefined
}

/** `doSample: false` and a temperature of 0 are both greedy decoding; any other number asks for sampling. */
export function samplingFields({ doSample, temperature, topP, topK }: GenerateRequest): SamplingFields {
  if (doSample === false || temperature === 0) return { doSample: false }
  const asked = doSample === true || temperature !== undefined || topP !== undefined || topK !== undefined
  return { doSample: asked ? true : undefined, temperature, topP, topK }
}

/** The temperature of a protocol that has no switch: 0 is greedy. */
export function temperatureOf({ doSample, temperature }: GenerateRequest): number | undefined {
  return doSample === false ? 0 : temperature
}

/** `topK` where "all" is another number than 0, or none. */
export function topKOr<All>({ topK }: Pick<GenerateRequest, 'topK'>, all: All): number | All | undefined {
  return topK === 0 ? all : topK
}

/** A least number of tokens that is one. */
export function atLeastOne(minTokens: number | undefined): number | undefined {
  return minTokens === 0 ? undefined : minTokens
}

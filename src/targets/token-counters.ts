import type { CountedTokens } from '../metrics/record.ts'

/** Names in the Prometheus metrics of servers: vLLM, SGLang, llama.cpp, LMDeploy, TGI (whose histograms of lengths have sums). */
const COUNTERS: readonly { readonly input: string; readonly output: string }[] = [
  { input: 'vllm:prompt_tokens_total', output: 'vllm:generation_tokens_total' },
  { input: 'sglang:prompt_tokens_total', output: 'sglang:generation_tokens_total' },
  { input: 'llamacpp:prompt_tokens_total', output: 'llamacpp:tokens_predicted_total' },
  { input: 'lmdeploy:prompt_tokens_total', output: 'lmdeploy:generation_tokens_total' },
  { input: 'tgi_request_input_length_sum', output: 'tgi_request_generated_tokens_sum' },
]

/**
 * The tokens that a server has counted since it started, by its metrics; undefined where they tell none, or not in a way that can be trusted.
 * @param text Prometheus' text format
 */
export function countedTokens(text: string): CountedTokens | undefined {
  for (const { input, output } of COUNTERS) {
    const counted = { input: sumOf(text, input), output: sumOf(text, output) }
    if (counted.input !== undefined && counted.output !== undefined) return { input: counted.input, output: counted.output }
  }
  return undefined
}

/** What several servers counted together; undefined where one of them does not tell. */
export function sumOfCounted(all: readonly (CountedTokens | undefined)[]): CountedTokens | undefined {
  let sum: CountedTokens = { input: 0, output: 0 }
  for (const counted of all) {
    if (counted === undefined) return undefined
    sum = { input: sum.input + counted.input, output: sum.output + counted.output }
  }
  return sum
}

const LABELS = /^\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\}/
/** Six digits at most of a million and more may be rounded, as llama.cpp's are: they tell no difference. */
const ROUNDED = /^\d(?:\.\d{1,5})?e\+?0*(?:[6-9]|[1-9]\d)/i
const VALUE = /^[ \t]+(\d[\d.eE+-]*)(?:[ \t]+-?\d+)?[ \t]*$/

/** A counter over all of its labels (engines, models); undefined where it is missing or one of its lines is malformed. */
function sumOf(text: string, name: string): number | undefined {
  let sum: number | undefined
  for (const line of text.split('\n')) {
    if (!line.startsWith(name) || !/[{ \t]/.test(line.charAt(name.length))) continue
    const value = VALUE.exec(line.trimEnd().slice(name.length).replace(LABELS, ''))?.[1]
    const number = Number(value)
    if (value === undefined || ROUNDED.test(value) || !Number.isSafeInteger(number)) return undefined
    sum = (sum ?? 0) + number
  }
  return sum
}

import { gsm8k, shareGPT } from 'vitest-llm-bench'
import type { DatasetInput } from 'vitest-llm-bench'

const { LLM_BENCH_BASE_URL, LLM_BENCH_ENGINE, LLM_BENCH_ENGINE_MODEL, LLM_BENCH_GSM8K, LLM_BENCH_SHAREGPT, LLM_BENCH_TOKENIZER } =
  process.env

/** Whether a server is named, which the workloads find by themselves; else they run on the embedded engine, in small. */
export const served = LLM_BENCH_BASE_URL !== undefined

/** An engine of the user's: `LLM_BENCH_ENGINE=vllm LLM_BENCH_ENGINE_MODEL=/models/…`; absent: the embedded one, in small. */
export const engineModel = LLM_BENCH_ENGINE_MODEL

/** Whether suites of this engine run: no engine is named, or this one is. */
export function runsOn(engine: string): boolean {
  return engineModel === undefined || LLM_BENCH_ENGINE === engine
}

/** The questions of GSM8K, or the package's own. */
export const questions: { dataset?: DatasetInput } = LLM_BENCH_GSM8K === undefined ? {} : { dataset: gsm8k(LLM_BENCH_GSM8K) }

/** Conversations of ShareGPT, or the package's own. */
export const conversations: { dataset?: DatasetInput } = LLM_BENCH_SHAREGPT === undefined ? {} : { dataset: shareGPT(LLM_BENCH_SHAREGPT) }

/** For what the server does not count. */
export const tokenizer: { tokenizer?: string } = LLM_BENCH_TOKENIZER === undefined ? {} : { tokenizer: LLM_BENCH_TOKENIZER }

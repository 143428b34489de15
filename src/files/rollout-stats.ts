import type { BatchTime } from '../metrics/record.ts'
import { csvRow } from './csv.ts'

/** The lengths of one prompt's answers in tokens, in the order of the answers; null for a failed one. */
interface PromptLengths {
  readonly promptIndex: number
  readonly tokens: readonly (number | null)[]
}

/** What the statistics of a batch are made from. */
export interface BatchLengths extends BatchTime {
  readonly prompts: readonly PromptLengths[]
}

/** Header of `dispersed_stats.csv`. */
export const DISPERSED_HEADER = 'batch_index,rollout_lengths,min_length,max_length,avg_length,completion_time,throughput_tokens_per_sec'

/** Header of `global_stats.csv`. */
export const GLOBAL_HEADER =
  'batch_index,min_response_tokens,max_response_tokens,avg_response_tokens,total_response_tokens,completion_time,throughput_tokens_per_sec,group_max_response_tokens'

/**
 * A batch's row of `dispersed_stats.csv` (PaddleNLP's form): lists with an entry a prompt. A failed answer is a 0 among the
 * lengths and in no other figure; a prompt without any answer has null for its figures.
 */
export function dispersedRow(batch: BatchLengths): string {
  const prompts = batch.prompts.map(({ tokens }) => completedOf(tokens))
  return csvRow([
    batch.index,
    { quoted: list(batch.prompts.map(({ tokens }) => list(tokens.map((length) => length ?? 0)))) },
    { quoted: list(prompts.map(shortest)) },
    { quoted: list(prompts.map(longest)) },
    { quoted: list(prompts.map((tokens) => (tokens.length === 0 ? undefined : averageText(mean(tokens))))) },
    secondsOf(batch).toFixed(2),
    throughputText(batch),
  ])
}

/** A batch's row of `global_stats.csv` (PaddleNLP's form): figures over all its answers; those of no answer are empty. */
export function globalRow(batch: BatchLengths): string {
  const prompts = batch.prompts.map(({ tokens }) => completedOf(tokens))
  const all = prompts.flat()
  return csvRow([
    batch.index,
    shortest(all),
    longest(all),
    all.length === 0 ? undefined : averageText(mean(all)),
    sum(all),
    secondsOf(batch).toFixed(2),
    throughputText(batch),
    { quoted: list(prompts.map(longest)) },
  ])
}

/** Seconds from the batch's first send to its last response. */
export function secondsOf({ startNs, endNs }: BatchTime): number {
  return (endNs - startNs) / 1e9
}

/** Tokens of the batch's answers per second of its time, which is not rounded before; absent where no time passed. */
export function throughputOf(batch: BatchLengths): number | undefined {
  const seconds = secondsOf(batch)
  return seconds > 0 ? sum(batch.prompts.flatMap(({ tokens }) => completedOf(tokens))) / seconds : undefined
}

function throughputText(batch: BatchLengths): string | undefined {
  return throughputOf(batch)?.toFixed(2)
}

/** At least one decimal and at most two. */
function averageText(value: number): string {
  return value.toFixed(2).replace(/0$/, '')
}

const completedOf = (tokens: readonly (number | null)[]): number[] => tokens.filter((length) => length !== null)
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length
const shortest = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((least, value) => Math.min(least, value))
const longest = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((most, value) => Math.max(most, value))
const list = (items: readonly (string | number | undefined)[]): string => `[${items.map((item) => item ?? 'null').join(', ')}]`

import type { ChatMessage } from '../datasets/dataset.ts'
import type { Tokenizer } from '../datasets/tokenizer.ts'
import type { TokenSource, TokenSources } from '../metrics/record.ts'
import type { Answer } from '../targets/target.ts'

/** An answer whose tokens are still to be counted, reduced to what counting needs. */
export interface UncountedAnswer {
  readonly messages: readonly ChatMessage[]
  readonly usage?: Answer['usage']
  readonly choices: readonly { readonly text: string; readonly chunks: number }[]
}

export interface TokenCounts {
  readonly prompt: number
  /** One for each choice. */
  readonly outputs: number[]
}

/** From the best source to the worst. */
const SOURCES: readonly TokenSource[] = ['server', 'tokenizer', 'bundled', 'chunks']

/** Output tokens of each choice where the server's usage alone tells them; undefined where texts have to be counted. */
export function tokensByUsage(answer: Pick<UncountedAnswer, 'usage' | 'choices'>): number[] | undefined {
  const { choices } = answer
  const usage = outputUsage(answer)
  if (usage === undefined) return undefined
  if (choices.length === 1) return [usage.outputTokens]
  const chunks = choices.map((choice) => choice.chunks)
  return sum(chunks) === usage.outputTokens ? chunks : undefined
}

/** The server's usage, unless it counts no token where tokens came: some servers and proxies fill it in with zeros. */
function outputUsage({ usage, choices }: Pick<UncountedAnswer, 'usage' | 'choices'>): Answer['usage'] {
  return usage?.outputTokens === 0 && choices.some(({ chunks }) => chunks > 0) ? undefined : usage
}

/** The server's count of the prompt; undefined where it does not count: there is no prompt of no token. */
export function promptByUsage({ usage }: Pick<UncountedAnswer, 'usage'>): number | undefined {
  return usage?.promptTokens || undefined
}

/**
 * Counts tokens where the server's usage does not tell them, and remembers the worst source that it had to use.
 *
 * Usage of one request with several answers is their sum. It is split by the number of chunks where that adds up to the
 * sum, and else in proportion to the tokens that the tokenizer counts in each text, so that the sum stays the server's.
 */
export class TokenCounter {
  #output: TokenSource = 'server'
  #input: TokenSource = 'server'
  #split = false
  #tokenizer: Tokenizer | undefined
  readonly #load: () => Promise<Tokenizer>
  readonly #prompts = new WeakMap<readonly ChatMessage[], number>()

  constructor(load: () => Promise<Tokenizer>) {
    this.#load = load
  }

  /** Loads the tokenizer, once; counting needs it. */
  async prepare(): Promise<void> {
    this.#tokenizer ??= await this.#load()
  }

  /** @throws {Error} where `prepare` has not been awaited */
  count(answer: UncountedAnswer): TokenCounts {
    const tokenizer = this.#tokenizer
    if (tokenizer === undefined) throw new Error('the tokenizer is not loaded')
    const prompt = promptByUsage(answer) ?? this.#countPrompt(answer.messages, tokenizer)
    const byUsage = tokensByUsage(answer)
    if (byUsage !== undefined) return { prompt, outputs: byUsage }
    const usage = outputUsage(answer)
    if (usage !== undefined) {
      this.#split = true
      const weights = answer.choices.map((choice) => tokenizer.count(choice.text) || choice.chunks)
      return { prompt, outputs: apportion(usage.outputTokens, weights) }
    }
    const outputs = answer.choices.map((choice) => {
      const uncounted = choice.text === '' && choice.chunks > 0
      this.#output = worse(this.#output, uncounted ? 'chunks' : tokenizer.source)
      return uncounted ? choice.chunks : tokenizer.count(choice.text)
    })
    return { prompt, outputs }
  }

  /** Who counted. */
  get facts(): CountFacts {
    const used = this.#split || [this.#output, this.#input].some((source) => source === 'tokenizer' || source === 'bundled')
    const tokenizer = used && this.#tokenizer !== undefined ? { tokenizer: this.#tokenizer.name } : {}
    return { sources: { output: this.#output, input: this.#input, ...tokenizer }, split: this.#split }
  }

  #countPrompt(messages: readonly ChatMessage[], tokenizer: Tokenizer): number {
    this.#input = worse(this.#input, tokenizer.source)
    let count = this.#prompts.get(messages)
    if (count === undefined) {
      count = sum(messages.map((message) => tokenizer.count(message.content)))
      this.#prompts.set(messages, count)
    }
    return count
  }
}

/** Who counted a run's tokens; plain data that adds up over workers. */
export interface CountFacts {
  readonly sources: TokenSources
  /** Whether counts of several answers together had to be split. */
  readonly split: boolean
}

/** The facts of several counters as those of one: the worst source counts. */
export function mergeCountFacts(all: readonly CountFacts[]): CountFacts {
  const named = all.find(({ sources }) => sources.tokenizer !== undefined)
  const sources = all
    .map((facts) => facts.sources)
    .reduce((a, b) => ({ output: worse(a.output, b.output), input: worse(a.input, b.input) }))
  return {
    sources: { ...sources, ...(named === undefined ? {} : { tokenizer: named.sources.tokenizer }) },
    split: all.some(({ split }) => split),
  }
}

/** What a reader must know of how tokens were counted. */
export function countNotes({ split }: CountFacts): string[] {
  if (!split) return []
  return ['The server counts the answers to one request together: each has its share of that sum, in proportion to its text.']
}

function worse(a: TokenSource, b: TokenSource): TokenSource {
  return SOURCES.indexOf(b) > SOURCES.indexOf(a) ? b : a
}

/** Splits a whole number in proportion to weights, by largest remainder, so that the parts add up to it. */
function apportion(total: number, weights: readonly number[]): number[] {
  const weight = sum(weights)
  const exact = weights.map((part) => (weight === 0 ? total / weights.length : (total * part) / weight))
  const parts = exact.map(Math.floor)
  const byRemainder = exact.map((value, i) => ({ i, remainder: value - Math.floor(value) })).toSorted((a, b) => b.remainder - a.remainder)
  for (const { i } of byRemainder.slice(0, total - sum(parts))) parts[i]! += 1
  return parts
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0)
}

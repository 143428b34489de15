import type { ChatMessage, Dataset } from '../datasets/dataset.ts'
import type { Tokenizer } from '../datasets/tokenizer.ts'
import type { ServedWorkloadSpec } from '../dsl/workload-spec.ts'
import { answerLength } from './lengths.ts'
import { conversationHead, expectedTokens, preparePrompts } from './prompts.ts'
import { LONGEST_WARMUP_WORDS } from './warm-up-prompt.ts'

/** What a chat template adds to a message, and to the whole, at most. */
const TEMPLATE_TOKENS = 32

/** What has to fit into the context together. */
export interface Needed {
  readonly messages: readonly Pick<ChatMessage, 'content'>[]
  readonly maxTokens: number
}

/**
 * Tokens of context that every one of the requests fits into, as warm-up sends it too. Exact but for the template where the engine's tokenizer is
 * known; else from the bytes of the text, which no tokenizer exceeds.
 */
export function contextFor(requests: readonly Needed[], tokenizer: Tokenizer): number {
  const size = (text: string): number => (tokenizer.source === 'tokenizer' ? tokenizer.count(text) : Buffer.byteLength(text))
  const most = requests.reduce((so, { messages, maxTokens }) => Math.max(so, promptSize(messages, size) + maxTokens), 0)
  return most + size(LONGEST_WARMUP_WORDS)
}

function promptSize(messages: Needed['messages'], size: (text: string) => number): number {
  return messages.reduce((sum, message) => sum + size(message.content) + TEMPLATE_TOKENS, TEMPLATE_TOKENS)
}

/** What each row of the dataset comes to in the end: a conversation with all of its turns and their answers. */
export function neededByRows(spec: ServedWorkloadSpec, dataset: Dataset): Needed[] {
  const systemPrompt = 'systemPrompt' in spec ? spec.systemPrompt : undefined
  if (spec.kind !== 'clients' || spec.turns === 1) {
    return preparePrompts(dataset, systemPrompt).map((prompt) => ({
      messages: prompt.messages,
      maxTokens: answerLength(spec, prompt.expectedTokens).maxTokens,
    }))
  }
  return dataset.rows.map((row) => {
    const turns = Array.from({ length: spec.turns }, (_, turn) => ({ content: row.userTurns[turn] ?? row.messages.at(-1)!.content }))
    const answers = turns.map((_, turn) => answerLength(spec, expectedTokens(row, turn)).maxTokens)
    return {
      messages: [...conversationHead(row, systemPrompt), ...turns],
      maxTokens: answers.reduce((sum, tokens) => sum + tokens + TEMPLATE_TOKENS, 0),
    }
  })
}

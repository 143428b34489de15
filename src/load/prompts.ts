import type { ChatMessage, Dataset, DatasetRow } from '../datasets/dataset.ts'

/** A row of the dataset as it is sent, made before the clock starts. */
export interface Prompt {
  readonly messages: readonly ChatMessage[]
  /** Tokens of the answer that the dataset expects. */
  readonly expectedTokens?: number | undefined
}

/** The rows' messages, each after the workload's system prompt where it has one. */
export function preparePrompts(dataset: Dataset, systemPrompt?: string): Prompt[] {
  const system = systemMessages(systemPrompt)
  return dataset.rows.map((row) => ({
    messages: system.length === 0 ? row.messages : [...system, ...row.messages],
    expectedTokens: expectedTokens(row, row.messages.filter((message) => message.role === 'user').length - 1),
  }))
}

/** What stands before a conversation's first user message: the workload's system prompt, then the row's own. */
export function conversationHead(row: DatasetRow, systemPrompt?: string): ChatMessage[] {
  return [...systemMessages(systemPrompt), ...row.messages.filter((message) => message.role === 'system')]
}

/** Tokens that the dataset expects of the answer to a row's user turn. */
export function expectedTokens(row: DatasetRow, turn: number): number | undefined {
  return row.outputTokens?.[turn] ?? row.outputTokens?.at(-1)
}

function systemMessages(systemPrompt: string | undefined): ChatMessage[] {
  return systemPrompt === undefined ? [] : [{ role: 'system', content: systemPrompt }]
}

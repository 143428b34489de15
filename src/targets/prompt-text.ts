import type { ChatMessage } from '../datasets/dataset.ts'

/** Messages as one text, for a protocol that takes a prompt: their contents, a line break between them. */
export function promptText(messages: readonly ChatMessage[]): string {
  return messages.map((message) => message.content).join('\n')
}

import type { EngineRequest } from '../engines/engine.ts'

/** As long as any: no warm-up has more requests. */
export const LONGEST_WARMUP_WORDS = warmupWords(999_999)

/** Messages of a warm-up request: words of its own begin it, so that no prompt of the load lies in a prefix cache because of it. */
export function unlikeTheLoad<Message extends EngineRequest['messages'][number]>(messages: readonly Message[], i: number): Message[] {
  const first = messages.findIndex(({ role }) => role === 'user')
  return messages.map((message, at) => (at === first ? { ...message, content: warmupWords(i) + message.content } : message))
}

function warmupWords(i: number): string {
  return `Warm-up ${i + 1}. `
}

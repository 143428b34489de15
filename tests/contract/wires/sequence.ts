import type { Usage } from '../wire.ts'

/** Prompt tokens of events that count as they go. */
const PROMPT_TOKENS = 11

/** Events on data lines. */
export const sseFrame = (data: string, lineEnd = '\n'): string => `data: ${data}${lineEnd}${lineEnd}`

/** Options that every target takes, as lists of one's own. */
export function common(baseURLs: readonly string[], { apiKeys, ...options }: { readonly apiKeys?: readonly string[] }) {
  return { baseURLs: [...baseURLs], ...(apiKeys ? { apiKeys: [...apiKeys] } : {}), ...options }
}

/**
 * Goes through the events of one answer with the tokens so far: one for each event with a text.
 * @param textOf where an event has its text
 * @param place gives the event its place in the answer
 */
export function inSequence<Event extends object>(
  textOf: (event: Event) => string,
  place: (event: Event, soFar: { readonly text: string; readonly usage: Usage }) => object,
): (events: readonly string[]) => string[] {
  return (events) => {
    let outputTokens = 0
    let text = ''
    return events.map((json) => {
      let event: Event
      try {
        event = JSON.parse(json) as Event
      } catch {
        return json
      }
      if ('error' in event || 'object' in event) return json
      const more = textOf(event)
      text += more
      if (more !== '') outputTokens++
      return JSON.stringify(place(event, { text, usage: { promptTokens: PROMPT_TOKENS, outputTokens } }))
    })
  }
}

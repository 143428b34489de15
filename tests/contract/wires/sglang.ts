import { sglang as sglangTarget } from '../../../src/dsl/native-targets.ts'
import type { Usage, Wire } from '../wire.ts'
import { common, inSequence, sseFrame } from './sequence.ts'

interface Event {
  readonly text: string
  readonly meta_info: object
}

const event = (text: string, finish_reason: unknown, usage?: Usage): Event => ({
  text,
  meta_info: {
    id: 'a1',
    finish_reason,
    ...(usage ? { prompt_tokens: usage.promptTokens, completion_tokens: usage.outputTokens } : {}),
    cached_tokens: 0,
  },
})

export const sglang: Wire = {
  name: 'sglang',
  spec: (baseURLs, options) => sglangTarget(common(baseURLs, options)),
  contentType: 'text/event-stream; charset=utf-8',
  single: true,
  countsEach: true,
  opening: [JSON.stringify(event('', null))],
  token: (text) => JSON.stringify(event(text, null)),
  finish: (reason, { text = '', usage } = {}) => JSON.stringify(event(text, { type: reason }, usage)),
  end: '[DONE]',
  error: (message) => JSON.stringify({ error: { message } }),
  inSequence: inSequence<Event>(
    ({ text }) => text,
    (given, { text, usage }) => ({
      text,
      meta_info: { prompt_tokens: usage.promptTokens, completion_tokens: usage.outputTokens, ...given.meta_info },
    }),
  ),
  document: (texts, reason, usage) => event(texts[0]!, { type: reason, length: usage.outputTokens }, usage),
  frame: sseFrame,
  comment: ': ping\n\n',
}

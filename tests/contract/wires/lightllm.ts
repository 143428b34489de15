import { lightllm as lightllmTarget } from '../../../src/dsl/native-targets.ts'
import type { Wire } from '../wire.ts'
import { common, inSequence } from './sequence.ts'

interface Event {
  readonly token: { readonly text: string; readonly count_output_tokens?: number; readonly prompt_tokens?: number }
}

const event = (token: object, more: object = {}): string =>
  JSON.stringify({
    token: { id: 29897, logprob: -0.067, special: false, ...token },
    generated_text: null,
    finished: false,
    finish_reason: null,
    details: null,
    ...more,
  })

export const lightllm: Wire = {
  name: 'lightllm',
  spec: (baseURLs, options) => lightllmTarget(common(baseURLs, options)),
  contentType: 'text/event-stream; charset=utf-8',
  single: true,
  countsEach: true,
  opening: [],
  token: (text) => event({ text }),
  finish: (reason, { text = '', usage } = {}) =>
    event(
      { text, ...(usage ? { count_output_tokens: usage.outputTokens, prompt_tokens: usage.promptTokens } : {}) },
      { finished: true, finish_reason: reason },
    ),
  error: (message) => JSON.stringify({ error: message }),
  inSequence: inSequence<Event>(
    ({ token }) => token.text,
    (given, { usage }) => ({
      ...given,
      token: { count_output_tokens: usage.outputTokens, prompt_tokens: usage.promptTokens, ...given.token },
    }),
  ),
  document: (texts, reason, usage) => ({
    generated_text: texts,
    count_output_tokens: usage.outputTokens,
    finish_reason: reason,
    prompt_tokens: usage.promptTokens,
  }),
  frame: (data, lineEnd = '\n') => `data:${data}${lineEnd}${lineEnd}`,
  comment: ': ping\n\n',
}

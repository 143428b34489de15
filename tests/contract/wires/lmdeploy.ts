import { lmdeploy as lmdeployTarget } from '../../../src/dsl/native-targets.ts'
import type { Usage, Wire } from '../wire.ts'
import { common, inSequence, sseFrame } from './sequence.ts'

interface Event {
  readonly text: string
  readonly output_ids: readonly number[]
  readonly meta_info: object
}

const event = (text: string, finish_reason: unknown, usage?: Usage): Event => ({
  text,
  output_ids: [7],
  meta_info: {
    ...(usage ? { prompt_tokens: usage.promptTokens, completion_tokens: usage.outputTokens } : {}),
    finish_reason,
    output_token_logprobs: null,
  },
})

export const lmdeploy: Wire = {
  name: 'lmdeploy',
  spec: (baseURLs, options) => lmdeployTarget(common(baseURLs, options)),
  contentType: 'text/event-stream; charset=utf-8',
  single: true,
  countsEach: true,
  opening: [],
  token: (text) => JSON.stringify(event(text, null)),
  finish: (reason, { text = '', usage } = {}) => JSON.stringify(event(text, { type: reason }, usage)),
  end: '[DONE]',
  error: (message) => JSON.stringify({ object: 'error', message, type: 'invalid_request_error', code: 400 }),
  inSequence: inSequence<Event>(
    ({ text }) => text,
    (given, { usage }) => ({
      ...given,
      meta_info: { prompt_tokens: usage.promptTokens, completion_tokens: usage.outputTokens, ...given.meta_info },
    }),
  ),
  document: (texts, reason, usage) => event(texts[0]!, { type: reason }, usage),
  frame: sseFrame,
  comment: ': ping\n\n',
}

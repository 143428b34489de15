import { llamacpp as llamacppTarget } from '../../../src/dsl/native-targets.ts'
import type { Usage, Wire } from '../wire.ts'
import { common, inSequence, sseFrame } from './sequence.ts'

interface Event {
  readonly content: string
}

const event = (content: string, more: object = {}) => ({ index: 0, content, tokens: [571], stop: false, id_slot: -1, ...more })
const last = (content: string, reason: string, usage?: Usage) =>
  event(content, {
    stop: true,
    stop_type: reason === 'stop' ? 'eos' : 'limit',
    ...(usage ? { tokens_predicted: usage.outputTokens, tokens_evaluated: usage.promptTokens } : {}),
    timings: { predicted_n: 3 },
  })

export const llamacpp: Wire = {
  name: 'llamacpp',
  spec: (baseURLs, options) => llamacppTarget(common(baseURLs, options)),
  contentType: 'text/event-stream',
  single: true,
  countsEach: true,
  opening: [],
  token: (text) => JSON.stringify(event(text)),
  finish: (reason, { text = '', usage } = {}) => JSON.stringify(last(text, reason, usage)),
  error: (message) => JSON.stringify({ error: { code: 500, message, type: 'server_error' } }),
  inSequence: inSequence<Event>(
    ({ content }) => content,
    (given, { usage }) => ({ tokens_predicted: usage.outputTokens, tokens_evaluated: usage.promptTokens, ...given }),
  ),
  document: (texts, reason, usage) => last(texts[0]!, reason, usage),
  frame: sseFrame,
  comment: ': ping\n\n',
}

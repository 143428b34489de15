import { tgi as tgiTarget } from '../../../src/dsl/native-targets.ts'
import type { Wire } from '../wire.ts'
import { common, sseFrame } from './sequence.ts'

const word = (reason: string): string => (reason === 'stop' ? 'eos_token' : reason)
const token = (text: string, more: object = {}) => ({
  index: 1,
  token: { id: 7, text, logprob: -0.5, special: false },
  generated_text: null,
  details: null,
  ...more,
})

export const tgi: Wire = {
  name: 'tgi',
  spec: (baseURLs, options) => tgiTarget(common(baseURLs, options)),
  contentType: 'text/event-stream',
  single: true,
  opening: [],
  token: (text) => JSON.stringify(token(text)),
  finish: (reason, { text, usage } = {}) => {
    const details = {
      finish_reason: word(reason),
      ...(usage ? { generated_tokens: usage.outputTokens, input_length: usage.promptTokens } : {}),
      seed: null,
    }
    const last = text === undefined ? { id: 2, text: '</s>', logprob: -0.1, special: true } : { id: 8, text, logprob: -0.1, special: false }
    return JSON.stringify(token('', { token: last, generated_text: 'all of it', details }))
  },
  error: (message) => JSON.stringify({ error: message, error_type: 'generation' }),
  document: (texts, reason, usage) => ({
    generated_text: texts[0],
    details: {
      finish_reason: word(reason),
      generated_tokens: usage.outputTokens,
      seed: null,
      prefill: Array.from({ length: usage.promptTokens }, () => ({ id: 1, text: 'x', logprob: null })),
    },
  }),
  frame: sseFrame,
  comment: ':\n\n',
}

import { openai } from '../../../src/dsl/targets.ts'
import type { Usage, Wire } from '../wire.ts'

const usageOf = (usage: Usage) => ({
  prompt_tokens: usage.promptTokens,
  completion_tokens: usage.outputTokens,
  total_tokens: usage.promptTokens + usage.outputTokens,
})

function openaiWire(endpoint: 'chat' | 'completions'): Wire {
  const chat = endpoint === 'chat'
  const event = (choices: unknown[], more: object = {}) =>
    JSON.stringify({ id: 'cmpl-1', object: chat ? 'chat.completion.chunk' : 'text_completion', created: 1, model: 'm', choices, ...more })
  const textOf = (text: string) => (chat ? { delta: { content: text } } : { text })
  return {
    name: `openai (${endpoint})`,
    spec: (baseURLs, { apiKeys, ...options }) =>
      openai({ baseURLs: [...baseURLs], model: 'm', endpoint, ...(apiKeys ? { apiKeys: [...apiKeys] } : {}), ...options }),
    contentType: 'text/event-stream; charset=utf-8',
    opening: [
      event([]),
      event([{ index: 0, ...(chat ? { delta: { role: 'assistant', content: '' } } : { text: '' }), logprobs: null, finish_reason: null }], {
        usage: null,
      }),
    ],
    token: (text, choice = 0) => event([{ index: choice, ...textOf(text), logprobs: null, finish_reason: null }]),
    ...(chat
      ? { reasoning: (text: string) => event([{ index: 0, delta: { reasoning_content: text, content: null }, finish_reason: null }]) }
      : {}),
    finish: (reason, { choice = 0, text = '', usage } = {}) =>
      event([{ index: choice, ...textOf(text), finish_reason: reason }], usage ? { usage: usageOf(usage) } : {}),
    usage: (usage) => event([], { usage: usageOf(usage) }),
    end: '[DONE]',
    error: (message) => JSON.stringify({ error: { message, type: 'InternalServerError', code: 500 } }),
    document: (texts, reason, usage) => ({
      object: chat ? 'chat.completion' : 'text_completion',
      choices: texts.map((text, index) => ({
        index,
        ...(chat ? { message: { role: 'assistant', content: text } } : { text }),
        finish_reason: reason,
      })),
      usage: usageOf(usage),
    }),
    frame: (data, lineEnd = '\n') => `data: ${data}${lineEnd}${lineEnd}`,
    comment: ': ping\n\n',
  }
}

export const openaiChat: Wire = openaiWire('chat')
export const openaiCompletions: Wire = openaiWire('completions')

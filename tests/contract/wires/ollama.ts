import { ollama as ollamaTarget } from '../../../src/dsl/native-targets.ts'
import type { Wire } from '../wire.ts'
import { common } from './sequence.ts'

function ollamaWire(api: 'chat' | 'generate'): Wire {
  const line = (text: string, more: object = {}) => ({
    model: 'm',
    created_at: '2026-01-01T00:00:00.000000Z',
    ...(api === 'chat' ? { message: { role: 'assistant', content: text } } : { response: text }),
    done: false,
    ...more,
  })
  const thinking = (text: string) =>
    api === 'chat' ? line('', { message: { role: 'assistant', content: '', thinking: text } }) : line('', { thinking: text })
  const last = (text: string, reason: string, usage?: { promptTokens: number; outputTokens: number }) =>
    line(text, {
      done: true,
      done_reason: reason,
      total_duration: 9,
      ...(usage ? { prompt_eval_count: usage.promptTokens, eval_count: usage.outputTokens } : {}),
    })
  return {
    name: `ollama (${api})`,
    spec: (baseURLs, options) => ollamaTarget({ ...common(baseURLs, options), model: 'm', api }),
    contentType: 'application/x-ndjson',
    single: true,
    opening: [],
    token: (text) => JSON.stringify(line(text)),
    reasoning: (text) => JSON.stringify(thinking(text)),
    finish: (reason, { text = '', usage } = {}) => JSON.stringify(last(text, reason, usage)),
    error: (message) => JSON.stringify({ error: message }),
    document: (texts, reason, usage) => last(texts[0]!, reason, usage),
    frame: (data, lineEnd = '\n') => `${data}${lineEnd}`,
    comment: '\n',
  }
}

export const ollamaChat: Wire = ollamaWire('chat')
export const ollamaGenerate: Wire = ollamaWire('generate')

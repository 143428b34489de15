import { target } from '../../../src/dsl/custom-target.ts'
import type { Wire } from '../wire.ts'
import { common } from './sequence.ts'

const last = (text: string, end: string, usage?: { promptTokens: number; outputTokens: number }) => ({
  ...(text === '' ? {} : { piece: text }),
  end,
  ...(usage ? { read: usage.promptTokens, written: usage.outputTokens } : {}),
})

/** The example of the documentation, as its reader would write it. */
export const custom: Wire = {
  name: 'a target of the user’s own',
  spec: (baseURLs, options) => target('docs/examples/custom-target.ts', { ...common(baseURLs, options), flavour: 'vanilla' }),
  contentType: 'application/x-ndjson',
  single: true,
  opening: [],
  token: (piece) => JSON.stringify({ piece }),
  finish: (reason, { text = '', usage } = {}) => JSON.stringify(last(text, reason, usage)),
  error: (message) => JSON.stringify({ error: message }),
  document: (texts, reason, usage) => last(texts[0]!, reason, usage),
  frame: (data, lineEnd = '\n') => `${data}${lineEnd}`,
  comment: '\n',
}

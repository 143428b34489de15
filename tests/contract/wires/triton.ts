import { triton as tritonTarget } from '../../../src/dsl/native-targets.ts'
import type { Wire } from '../wire.ts'
import { common, sseFrame } from './sequence.ts'

const event = (text_output: string) => ({
  model_name: 'ensemble',
  model_version: '1',
  sequence_end: false,
  sequence_id: 0,
  sequence_start: false,
  text_output,
})

export const triton: Wire = {
  name: 'triton',
  spec: (baseURLs, options) => tritonTarget(common(baseURLs, options)),
  contentType: 'text/event-stream; charset=utf-8',
  single: true,
  untold: 'usage and finish',
  opening: [JSON.stringify(event(''))],
  token: (text) => JSON.stringify(event(text)),
  finish: (_reason, { text = '' } = {}) => JSON.stringify(event(text)),
  error: (message) => JSON.stringify({ error: message }),
  document: (texts) => event(texts[0]!),
  frame: sseFrame,
  comment: ': ping\n\n',
}

import { amsv2 as amsv2Target } from '../../../src/dsl/native-targets.ts'
import type { Wire } from '../wire.ts'
import { common } from './sequence.ts'
import { tgi } from './tgi.ts'

const withoutPrompt = (json: string): string =>
  JSON.stringify(JSON.parse(json), (key, value: unknown) => (key === 'input_length' ? undefined : value))

export const amsv2: Wire = {
  ...tgi,
  name: 'amsv2',
  spec: (baseURLs, options) => amsv2Target(common(baseURLs, options)),
  untold: 'prompt',
  finish: (...finish) => withoutPrompt(tgi.finish(...finish)),
  document: (texts, reason, usage) => ({
    generated_text: texts[0],
    details: { finish_reason: reason, generated_tokens: usage.outputTokens },
  }),
  // As its servers write it.
  frame: (data, lineEnd = '\n') => `data:${data}${lineEnd}${lineEnd}`,
}

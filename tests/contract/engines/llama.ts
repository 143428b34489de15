import { readFile } from 'node:fs/promises'
import { Tokenizer } from '@huggingface/tokenizers'
import { llama } from '../../../src/dsl/engines.ts'
import { ensureTinyModel } from '../../../src/engines/llama/tiny-model.ts'
import type { EngineUnderTest } from '../engine.ts'

export const llamaTiny: EngineUnderTest = {
  name: 'llama',
  spec: llama(),
  count: async (text) => {
    const tokenizer = new Tokenizer(JSON.parse(await readFile((await ensureTinyModel()).tokenizer, 'utf8')) as object, {})
    return tokenizer.encode(text, { add_special_tokens: false }).ids.length
  },
  contextLimit: 8192,
  tokenByToken: true,
}

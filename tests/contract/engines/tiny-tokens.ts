import { readFile } from 'node:fs/promises'
import { Tokenizer } from '@huggingface/tokenizers'
import { ensureTinyModel } from '../../../src/engines/llama/tiny-model.ts'

/** Tokens of a text of the tiny model. */
export async function countTiny(text: string): Promise<number> {
  const tokenizer = new Tokenizer(JSON.parse(await readFile((await ensureTinyModel()).tokenizer, 'utf8')) as object, {})
  return tokenizer.encode(text, { add_special_tokens: false }).ids.length
}

import type { GenerationRequest } from '../openai/request-body.ts'
import type { HttpRequest } from './request-reader.ts'

const BYTES_PER_TOKEN = 4
const ID_MARK = '#id='
const MAX_ID_DIGITS = 20

/** An estimate of a prompt's tokens: a quarter of its UTF-8 bytes, rounded up, at least 1; exact where the prompt is token ids. */
export function promptTokensOf(prompt: GenerationRequest['prompt']): number {
  if (typeof prompt === 'string') return tokensIn(Buffer.byteLength(prompt))
  let bytes = 0
  for (const part of prompt) {
    if (typeof part === 'number') return prompt.length
    bytes += Buffer.byteLength(part.content)
  }
  return tokensIn(bytes)
}

/** What the client calls a request: `#id=N` anywhere in its body, else its `x-request-id`, else '-1'. */
export function requestId({ body, headers }: HttpRequest): string {
  const at = body.indexOf(ID_MARK)
  const number = at === -1 ? undefined : /^\d+/.exec(body.toString('latin1', at + ID_MARK.length, at + ID_MARK.length + MAX_ID_DIGITS))?.[0]
  return number ?? headers.get('x-request-id')?.replaceAll(/\s+/g, '_') ?? '-1'
}

function tokensIn(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / BYTES_PER_TOKEN))
}

/** What backends call it, in OpenAI's words. */
const WORDS: Readonly<Record<string, string>> = {
  eos: 'stop',
  eos_token: 'stop',
  stop_sequence: 'stop',
  word: 'stop',
  limit: 'length',
  max_tokens: 'length',
  aborted: 'abort',
}

/** That an answer finished, though the server does not say why. */
export const UNTOLD = 'unknown'

/** Why an answer finished: `stop`, `length`, `abort`, `error` where the server's word means that; else its own word. */
export function finishReason(said: unknown): string {
  return typeof said === 'string' && said !== '' ? (WORDS[said] ?? said) : UNTOLD
}

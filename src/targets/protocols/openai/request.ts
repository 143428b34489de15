import type { OpenAITargetSpec } from '../../../dsl/targets.ts'
import type { ProtocolRequest } from '../../http-protocol.ts'
import { promptText } from '../../prompt-text.ts'
import type { GenerateRequest } from '../../target.ts'

/** A request for chat or for a plain completion, which takes a prompt in place of messages. */
export function requestOpenAI(
  asked: GenerateRequest,
  spec: Pick<OpenAITargetSpec, 'endpoint'>,
  model: string | undefined,
): ProtocolRequest {
  const chat = spec.endpoint === 'chat'
  return {
    path: chat ? '/chat/completions' : '/completions',
    body: {
      model,
      ...(chat ? { messages: asked.messages } : { prompt: promptText(asked.messages) }),
      max_tokens: asked.maxTokens,
      min_tokens: asked.minTokens,
      ignore_eos: asked.ignoreEos,
      temperature: asked.doSample === false ? 0 : asked.temperature,
      top_p: asked.topP,
      top_k: asked.topK,
      seed: asked.seed,
      n: asked.n > 1 ? asked.n : undefined,
      stream: asked.stream,
      stream_options: asked.stream ? { include_usage: true } : undefined,
    },
  }
}

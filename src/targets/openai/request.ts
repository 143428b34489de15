import type { OpenAITargetSpec } from '../../dsl/targets.ts'
import type { GenerateRequest } from '../target.ts'

/**
 * The JSON body of a request. A field that was not asked for is left out, so that the server's own default holds;
 * `extraBody` comes last and wins. Plain completions take the messages' contents, a line break between them, as the prompt.
 */
export function requestBody(spec: OpenAITargetSpec, model: string | undefined, request: GenerateRequest): string {
  return JSON.stringify({
    model,
    ...(spec.endpoint === 'chat'
      ? { messages: request.messages }
      : { prompt: request.messages.map((message) => message.content).join('\n') }),
    max_tokens: request.maxTokens,
    min_tokens: request.minTokens,
    ignore_eos: request.ignoreEos,
    temperature: request.doSample === false ? 0 : request.temperature,
    top_p: request.topP,
    top_k: request.topK,
    seed: request.seed,
    n: request.n > 1 ? request.n : undefined,
    stream: request.stream,
    stream_options: request.stream ? { include_usage: true } : undefined,
    ...spec.extraBody,
  })
}

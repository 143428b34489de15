import type { OpenAITargetSpec } from '../../../dsl/targets.ts'
import type { HttpProtocol } from '../../http-protocol.ts'
import { decode } from './decode.ts'
import { probeOpenAI } from './probe.ts'
import { requestOpenAI } from './request.ts'

/** Chat and plain completions as OpenAI has them. */
export const openaiProtocol: HttpProtocol<OpenAITargetSpec> = {
  call: 'openai()',
  framing: 'sse',
  // With or without `/v1`.
  basePath: (path) => (/\/v\d[^/]*$/.test(path) ? path : `${path}/v1`),
  request: requestOpenAI,
  decode,
  incidental: ['id', 'created', 'system_fingerprint'],
  probe: probeOpenAI,
  sampleAnswer: [
    '{"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}',
    ...['Hello', ' there', ', you', ' all'].map(
      (text) =>
        `{"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"${text}"},"finish_reason":null}]}`,
    ),
    '{"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
    '{"id":"c-1","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}',
    '[DONE]',
  ]
    .map((data) => `data: ${data}\n\n`)
    .join(''),
}

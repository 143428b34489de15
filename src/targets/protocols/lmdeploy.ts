import type { LMDeployTargetSpec } from '../../dsl/native-targets.ts'
import type { AnswerSink } from '../answer.ts'
import type { HttpProtocol } from '../http-protocol.ts'
import { errorIn, parseObject } from '../json.ts'
import { promptText } from '../prompt-text.ts'
import { asEvents } from '../sample-answer.ts'
import { temperatureOf } from '../sampling.ts'
import { decodeMetaInfo } from './meta-info.ts'
import { listedModel } from './model-list.ts'
import { rootPath } from './root-path.ts'

/** LMDeploy's own API. */
export const lmdeployProtocol: HttpProtocol<LMDeployTargetSpec> = {
  call: 'lmdeploy()',
  framing: 'sse',
  lacks: ['minTokens', 'seed', 'n'],
  basePath: rootPath,
  request(asked) {
    return {
      path: '/generate',
      body: {
        prompt: promptText(asked.messages),
        max_tokens: asked.maxTokens,
        ignore_eos: asked.ignoreEos,
        temperature: temperatureOf(asked),
        top_p: asked.topP,
        top_k: asked.topK,
        stream: asked.stream,
      },
    }
  },
  decode,
  async probe(probe) {
    return { model: (await listedModel(probe, '/v1/models')).model }
  },
  sampleAnswer: asEvents(
    ...['Hello', ' there', ',', ' you', ''].map(
      (text, i) =>
        `{"text":"${text}","output_ids":[${i + 90}],"meta_info":{"prompt_tokens":3,"completion_tokens":${Math.min(i + 1, 4)},"finish_reason":${i === 4 ? '{"type":"length"}' : 'null'},"output_token_logprobs":null}}`,
    ),
    '[DONE]',
  ),
}

function decode(json: string, sink: AnswerSink): void {
  const value = parseObject(json)
  const error = errorIn(value)
  if (error !== undefined) return sink.serverError(error)
  if (typeof value.text === 'string') sink.token(0, value.text, 'answer')
  decodeMetaInfo(value, sink)
}

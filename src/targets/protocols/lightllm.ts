import type { LightLLMTargetSpec } from '../../dsl/native-targets.ts'
import type { AnswerSink } from '../answer.ts'
import { finishReason } from '../finish-reason.ts'
import type { HttpProtocol, ProtocolRequest } from '../http-protocol.ts'
import { errorIn, countOf, isCount, parseObject, textAt } from '../json.ts'
import { promptText } from '../prompt-text.ts'
import { asEvents } from '../sample-answer.ts'
import type { GenerateRequest } from '../target.ts'
import { atLeastOne, samplingFields, topKOr } from '../sampling.ts'
import { isRecord } from '../wire/failure.ts'
import { rootPath } from './root-path.ts'

/** LightLLM's own API. */
export const lightllmProtocol: HttpProtocol<LightLLMTargetSpec> = {
  call: 'lightllm()',
  framing: 'sse',
  lacks: ['seed', 'n'],
  basePath: rootPath,
  request(asked) {
    return { path: asked.stream ? '/generate_stream' : '/generate', body: lightllmBody(asked) }
  },
  decode: decodeEvent,
  decodeWhole,
  async probe(probe) {
    const { spec, doors } = probe
    // Not /health: it makes the model generate.
    const names = await Promise.all(doors.map((door) => probe.ask(door, `${door.address.path}/get_model_name`)))
    return { model: spec.model ?? textAt(names[0]?.body, 'model_name') }
  },
  sampleAnswer: asEvents(
    ...['Hello', ' there', ',', ' you'].map(
      (text, i) =>
        `{"token":{"id":${i + 90},"text":"${text}","logprob":-0.5,"special":false,"count_output_tokens":${i + 1},"prompt_tokens":3},"generated_text":null,"finished":${i === 3},"finish_reason":${i === 3 ? '"length"' : 'null'},"details":null}`,
    ),
  ),
}

/** A request's body as LightLLM, and AMSv2 after it, take it. */
export function lightllmBody(asked: GenerateRequest): ProtocolRequest['body'] {
  const { doSample, temperature, topP, topK } = samplingFields(asked)
  return {
    inputs: promptText(asked.messages),
    parameters: {
      do_sample: doSample,
      ignore_eos: asked.ignoreEos,
      max_new_tokens: asked.maxTokens,
      min_new_tokens: atLeastOne(asked.minTokens),
      temperature,
      top_p: topP,
      top_k: topKOr({ topK }, -1),
    },
  }
}

function decodeEvent(json: string, sink: AnswerSink): void {
  const value = parseObject(json)
  const error = errorIn(value)
  if (error !== undefined) return sink.serverError(error)
  const { token } = value
  if (isRecord(token)) {
    const { text, count_output_tokens: output, prompt_tokens: prompt } = token
    if (typeof text === 'string') sink.token(0, text, 'answer')
    if (isCount(output)) sink.usage(countOf(prompt), output)
  }
  if (value.finished === true) sink.finish(0, finishReason(value.finish_reason))
}

function decodeWhole(json: string, sink: AnswerSink): void {
  const value = parseObject(json)
  const error = errorIn(value)
  if (error !== undefined) return sink.serverError(error)
  const { generated_text: texts, count_output_tokens: output, prompt_tokens: prompt } = value
  const text: unknown = Array.isArray(texts) ? texts[0] : texts
  if (typeof text !== 'string') return
  sink.token(0, text, 'answer')
  if (isCount(output)) sink.usage(countOf(prompt), output)
  sink.finish(0, finishReason(value.finish_reason))
}

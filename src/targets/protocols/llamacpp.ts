import type { LlamaCppTargetSpec } from '../../dsl/native-targets.ts'
import type { AnswerSink } from '../answer.ts'
import { finishReason } from '../finish-reason.ts'
import type { HttpProtocol } from '../http-protocol.ts'
import type { JSONObject } from '../json.ts'
import { errorIn, countOf, isCount, parseObject, textAt } from '../json.ts'
import { promptText } from '../prompt-text.ts'
import { asEvents } from '../sample-answer.ts'
import { temperatureOf } from '../sampling.ts'
import { rootPath } from './root-path.ts'

/** llama.cpp's own API. */
export const llamacppProtocol: HttpProtocol<LlamaCppTargetSpec> = {
  call: 'llamacpp()',
  framing: 'sse',
  lacks: ['minTokens', 'n'],
  basePath: rootPath,
  request(asked, spec) {
    return {
      path: '/completion',
      body: {
        prompt: promptText(asked.messages),
        n_predict: asked.maxTokens,
        ignore_eos: asked.ignoreEos,
        temperature: temperatureOf(asked),
        top_p: asked.topP,
        top_k: asked.topK,
        seed: asked.seed,
        cache_prompt: spec.cachePrompt,
        stream: asked.stream,
      },
    }
  },
  decode,
  async probe(probe) {
    const { spec, doors } = probe
    const props = await Promise.all(doors.map((door) => probe.ask(door, `${door.address.path}/props`)))
    const first = props[0]?.body
    const build = textAt(first, 'build_info')
    return {
      model: spec.model ?? textAt(first, 'model_alias') ?? textAt(first, 'model_path'),
      version: build === undefined ? undefined : `llama.cpp ${build}`,
    }
  },
  sampleAnswer: asEvents(
    ...['Hello', ' there', ',', ' you'].map(
      (text, i) =>
        `{"index":0,"content":"${text}","tokens":[${i + 90}],"stop":false,"id_slot":-1,"tokens_predicted":${i + 1},"tokens_evaluated":3}`,
    ),
    '{"index":0,"content":"","tokens":[],"id_slot":0,"stop":true,"model":"m.gguf","tokens_predicted":4,"tokens_evaluated":3,"has_new_line":false,"truncated":false,"stop_type":"limit","stopping_word":"","tokens_cached":6,"timings":{"prompt_n":3,"predicted_n":4}}',
  ),
}

function decode(json: string, sink: AnswerSink): void {
  const value = parseObject(json)
  const error = errorIn(value)
  if (error !== undefined) return sink.serverError(error)
  const { content, tokens_evaluated: prompt, tokens_predicted: output } = value
  if (typeof content === 'string') sink.token(0, content, 'answer')
  if (isCount(output)) sink.usage(countOf(prompt), output)
  if (value.stop === true) sink.finish(0, finishReason(stopType(value)))
}

/** Older servers have a switch for each. */
function stopType(value: JSONObject): unknown {
  if (value.stop_type !== undefined) return value.stop_type
  if (value.stopped_limit === true) return 'limit'
  return value.stopped_eos === true || value.stopped_word === true ? 'eos' : undefined
}

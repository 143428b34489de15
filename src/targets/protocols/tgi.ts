import type { TGITargetSpec } from '../../dsl/native-targets.ts'
import type { AnswerSink } from '../answer.ts'
import { finishReason } from '../finish-reason.ts'
import type { HttpProtocol } from '../http-protocol.ts'
import { errorIn, countOf, isCount, parseObject, textAt } from '../json.ts'
import { promptText } from '../prompt-text.ts'
import { asEvents } from '../sample-answer.ts'
import { samplingFields, topKOr } from '../sampling.ts'
import { isRecord } from '../wire/failure.ts'
import { rootPath } from './root-path.ts'

/** Text Generation Inference. */
export const tgiProtocol: HttpProtocol<TGITargetSpec> = {
  call: 'tgi()',
  framing: 'sse',
  lacks: ['minTokens', 'ignoreEos', 'n'],
  basePath: rootPath,
  request(asked) {
    const { doSample, temperature, topP, topK } = samplingFields(asked)
    return {
      path: asked.stream ? '/generate_stream' : '/generate',
      body: {
        inputs: promptText(asked.messages),
        parameters: {
          max_new_tokens: asked.maxTokens,
          do_sample: doSample,
          temperature,
          // Its range ends before 1, which is the default.
          top_p: topP === 1 ? undefined : topP,
          top_k: topKOr({ topK }, undefined),
          seed: asked.seed,
          details: true,
        },
      },
    }
  },
  decode: decodeTGI,
  async probe(probe) {
    const { spec, doors } = probe
    const infos = await Promise.all(doors.map((door) => probe.ask(door, `${door.address.path}/info`)))
    const info = infos[0]?.body
    return { model: spec.model ?? textAt(info, 'model_id'), version: named('TGI', textAt(info, 'version')) }
  },
  sampleAnswer: asEvents(
    ...['Hello', ' there', ','].map(
      (text, i) =>
        `{"index":${i + 1},"token":{"id":${i + 90},"text":"${text}","logprob":-0.5,"special":false},"generated_text":null,"details":null}`,
    ),
    '{"index":4,"token":{"id":93,"text":" you","logprob":-0.25,"special":false},"generated_text":"Hello there, you","details":{"finish_reason":"length","generated_tokens":4,"seed":null,"input_length":3}}',
  ),
}

function named(engine: string, version: string | undefined): string | undefined {
  return version === undefined ? undefined : `${engine} ${version}`
}

/** Tells what an event, or a whole answer, of TGI's form says. */
export function decodeTGI(json: string, sink: AnswerSink): void {
  const value = parseObject(json)
  const error = errorIn(value)
  if (error !== undefined) return sink.serverError(error)
  const { token, generated_text: whole, details } = value
  if (isRecord(token)) {
    // The end of the sequence is a token too, though no text.
    if (typeof token.text === 'string' && token.special !== true) sink.token(0, token.text, 'answer')
  } else if (typeof whole === 'string') sink.token(0, whole, 'answer')
  if (isRecord(details)) {
    const prompt = details.input_length ?? details.prompt_tokens ?? (Array.isArray(details.prefill) ? details.prefill.length : 0)
    if (isCount(details.generated_tokens)) sink.usage(countOf(prompt), details.generated_tokens)
  }
  if (typeof whole === 'string' || isRecord(details)) sink.finish(0, finishReason(isRecord(details) ? details.finish_reason : undefined))
}

import type { TritonTargetSpec } from '../../dsl/native-targets.ts'
import type { AnswerSink } from '../answer.ts'
import type { HttpProtocol } from '../http-protocol.ts'
import { errorIn, parseObject, textAt } from '../json.ts'
import { promptText } from '../prompt-text.ts'
import { asEvents } from '../sample-answer.ts'
import { samplingFields } from '../sampling.ts'

/** No token has it, so that none ends the answer. */
const NO_TOKEN = -1

/** TensorRT-LLM behind Triton's generate extension: no counts, and no word of why an answer finished. */
export const tritonProtocol: HttpProtocol<TritonTargetSpec> = {
  call: 'triton()',
  framing: 'sse',
  lacks: ['n'],
  tellsFinish: false,
  request(asked, spec) {
    const { doSample, temperature, topP, topK } = samplingFields(asked)
    return {
      path: `/v2/models/${encodeURIComponent(spec.model)}/${asked.stream ? 'generate_stream' : 'generate'}`,
      body: {
        text_input: promptText(asked.messages),
        max_tokens: asked.maxTokens,
        min_length: asked.minTokens,
        end_id: asked.ignoreEos === true ? NO_TOKEN : undefined,
        bad_words: '',
        stop_words: '',
        temperature,
        top_p: topP,
        // Greedy decoding is the choice among one.
        top_k: doSample === false ? 1 : topK,
        random_seed: asked.seed,
        stream: asked.stream,
      },
    }
  },
  decode,
  async probe(probe) {
    const { spec, doors } = probe
    const path = `/v2/models/${encodeURIComponent(spec.model)}`
    await Promise.all(doors.map((door) => probe.ask(door, door.address.path + path)))
    const { body } = await probe.askAside(doors[0], `${doors[0].address.path}/v2`)
    const version = textAt(body, 'version')
    return { model: spec.model, version: version === undefined ? undefined : `Triton ${version}` }
  },
  sampleAnswer: asEvents(
    ...['', 'Hello', ' there', ',', ' you'].map(
      (text) =>
        `{"model_name":"ensemble","model_version":"1","sequence_end":false,"sequence_id":0,"sequence_start":false,"text_output":"${text}"}`,
    ),
  ),
}

function decode(json: string, sink: AnswerSink): void {
  const value = parseObject(json)
  const error = errorIn(value)
  if (error !== undefined) return sink.serverError(error)
  if (typeof value.text_output === 'string') sink.token(0, value.text_output, 'answer')
}

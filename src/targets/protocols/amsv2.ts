import type { AMSv2TargetSpec } from '../../dsl/native-targets.ts'
import type { HttpProtocol } from '../http-protocol.ts'
import { promptText } from '../prompt-text.ts'
import { asEvents } from '../sample-answer.ts'
import { atLeastOne, samplingFields, topKOr } from '../sampling.ts'
import { decodeTGI } from './tgi.ts'

/** SenseCore's AMSv2: LightLLM's parameters, and answers in TGI's form. */
export const amsv2Protocol: HttpProtocol<AMSv2TargetSpec> = {
  call: 'amsv2()',
  framing: 'sse',
  lacks: ['seed', 'n'],
  request(asked) {
    const { doSample, temperature, topP, topK } = samplingFields(asked)
    return {
      path: asked.stream ? '/text-generation/generate_stream' : '/text-generation/generate',
      body: {
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
      },
    }
  },
  decode: decodeTGI,
  async probe(probe) {
    // It has no documented page but that of generating: all that can be asked is whether it is there and takes the key.
    await Promise.all(probe.doors.map((door) => probe.reach(door, `${door.address.path}/text-generation/health`)))
    return { model: probe.spec.model }
  },
  sampleAnswer: asEvents(
    ...['Hello', ' there', ','].map(
      (text, i) =>
        `{"token":{"id":${i + 90},"text":"${text}","logprob":-0.5,"special":false},"generated_text":null,"finished":false,"details":null}`,
    ),
    '{"token":{"id":93,"text":" you","logprob":-0.25,"special":false},"generated_text":"Hello there, you","finished":true,"details":{"finish_reason":"length","generated_tokens":4}}',
  ),
}

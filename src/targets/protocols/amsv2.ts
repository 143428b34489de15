import type { AMSv2TargetSpec } from '../../dsl/native-targets.ts'
import type { HttpProtocol } from '../http-protocol.ts'
import { asEvents } from '../sample-answer.ts'
import { lightllmBody } from './lightllm.ts'
import { decodeTGI } from './tgi.ts'

/** SenseCore's AMSv2: LightLLM's parameters, and answers in TGI's form. */
export const amsv2Protocol: HttpProtocol<AMSv2TargetSpec> = {
  call: 'amsv2()',
  framing: 'sse',
  lacks: ['seed', 'n'],
  request(asked) {
    return { path: `/text-generation/${asked.stream ? 'generate_stream' : 'generate'}`, body: lightllmBody(asked) }
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

import type { SGLangTargetSpec } from '../../dsl/native-targets.ts'
import { LlmBenchError } from '../../errors.ts'
import type { AnswerSink } from '../answer.ts'
import type { HttpProtocol } from '../http-protocol.ts'
import { errorIn, parseObject, textAt } from '../json.ts'
import type { Door, Probe } from '../probe.ts'
import { promptText } from '../prompt-text.ts'
import { asEvents } from '../sample-answer.ts'
import { temperatureOf, topKOr } from '../sampling.ts'
import { isRecord } from '../wire/failure.ts'
import { decodeMetaInfo } from './meta-info.ts'
import { rootPath } from './root-path.ts'

/** Enough for what is done for each of them to be compiled while it is rehearsed. */
const SAMPLE_TOKENS = 24
const SAMPLE_WORDS = ['Hello', 'there,', 'you', 'all', ...Array.from({ length: SAMPLE_TOKENS - 4 }, () => 'again')]

/** SGLang's own API: each event has the whole text so far. */
export const sglangProtocol: HttpProtocol<SGLangTargetSpec> = {
  call: 'sglang()',
  framing: 'sse',
  lacks: ['n'],
  basePath: rootPath,
  request(asked) {
    return {
      path: '/generate',
      body: {
        text: promptText(asked.messages),
        sampling_params: {
          max_new_tokens: asked.maxTokens,
          min_new_tokens: asked.minTokens,
          ignore_eos: asked.ignoreEos,
          temperature: temperatureOf(asked),
          top_p: asked.topP,
          top_k: topKOr(asked, -1),
          sampling_seed: asked.seed,
        },
        stream: asked.stream,
      },
    }
  },
  decode,
  async probe(probe) {
    const { spec, doors } = probe
    const paths = await Promise.all(doors.map((door) => modelPath(probe, door)))
    const infos = await Promise.all(doors.map((door) => probe.askAside(door, `${door.address.path}/get_server_info`)))
    for (const [i, { body }] of infos.entries()) checkCumulative(doors[i]!, body)
    const version = textAt(infos[0]?.body, 'version')
    const unseeded = infos.some(({ body }) => isRecord(body) && body.enable_deterministic_inference === false)
    return {
      model: spec.model ?? paths[0],
      version: version === undefined ? undefined : `SGLang ${version}`,
      noSeed: unseeded ? 'SGLang heeds no seed without --enable-deterministic-inference' : undefined,
    }
  },
  sampleAnswer: asEvents(
    // The text so far: no event says again what another one said.
    ...Array.from(
      { length: SAMPLE_TOKENS },
      (_, i) =>
        `{"text":"${SAMPLE_WORDS.slice(0, i + 1).join(' ')}","output_ids":[${i + 90}],"meta_info":{"id":"a1","finish_reason":${i === SAMPLE_TOKENS - 1 ? `{"type":"length","length":${SAMPLE_TOKENS}}` : 'null'},"prompt_tokens":3,"completion_tokens":${i + 1},"cached_tokens":0}}`,
    ),
    '[DONE]',
  ),
}

async function modelPath(probe: Probe<SGLangTargetSpec>, door: Door): Promise<string | undefined> {
  const info = (await probe.ask(door, `${door.address.path}/get_model_info`)) ?? (await probe.ask(door, `${door.address.path}/model_info`))
  return textAt(info?.body, 'model_path')
}

/** A server that was told to send pieces would have most of them taken for nothing new. */
function checkCumulative({ address }: Door, info: unknown): void {
  if (!isRecord(info) || (info.stream_output !== true && info.incremental_streaming_output !== true)) return
  throw new LlmBenchError(
    'TARGET',
    `${address.shown} streams pieces of text (--stream-output or --incremental-streaming-output), where sglang() reads the whole ` +
      'text so far: start it without that flag, or use openai()',
  )
}

function decode(json: string, sink: AnswerSink): void {
  const value = parseObject(json)
  const error = errorIn(value)
  if (error !== undefined) return sink.serverError(error)
  if (typeof value.text === 'string') sink.textSoFar(0, value.text)
  decodeMetaInfo(value, sink)
}

// A target for a server that streams lines: {"piece": "Hel"}, {"piece": "lo"}, …, {"end": "length", "read": 11, "written": 2}.
//
//     target('./custom-target.ts', { baseURL: 'http://127.0.0.1:9000', flavour: 'vanilla' })
import { asLines, errorIn, finishReason, httpTarget, isCount, parseObject, promptText, textAt } from 'vitest-llm-bench/target'
import type { CustomTargetSpec, HttpProtocol } from 'vitest-llm-bench/target'

const protocol: HttpProtocol<CustomTargetSpec> = {
  call: 'custom-target.ts',
  framing: 'ndjson',
  // A workload that asks for one of these is refused by name.
  lacks: ['minTokens', 'topK', 'n'],
  request: (asked, { options }) => ({
    path: asked.stream ? '/write' : '/write-at-once',
    body: {
      prompt: promptText(asked.messages),
      most: asked.maxTokens,
      neverStop: asked.ignoreEos,
      heat: asked.doSample === false ? 0 : asked.temperature,
      nucleus: asked.topP,
      seed: asked.seed,
      flavour: options['flavour'],
    },
  }),
  decode(json, sink) {
    const value = parseObject(json)
    const error = errorIn(value)
    if (error !== undefined) return sink.serverError(error)
    if (typeof value['piece'] === 'string') sink.token(0, value['piece'], 'answer')
    if (value['end'] === undefined) return
    if (isCount(value['read']) && isCount(value['written'])) sink.usage(value['read'], value['written'])
    sink.finish(0, finishReason(value['end']))
  },
  async probe(probe) {
    const [door] = probe.doors
    const about = await probe.ask(door, `${door.address.path}/about`)
    return { model: probe.spec.model ?? textAt(about?.body, 'model'), version: textAt(about?.body, 'version') }
  },
  sampleAnswer: asLines('{"piece":"Hello"}', '{"piece":" there"}', '{"piece":","}', '{"end":"length","read":3,"written":3}'),
}

export default httpTarget(protocol)

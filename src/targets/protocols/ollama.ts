import type { OllamaTargetSpec } from '../../dsl/native-targets.ts'
import { LlmBenchError } from '../../errors.ts'
import type { AnswerSink } from '../answer.ts'
import { finishReason } from '../finish-reason.ts'
import type { HttpProtocol } from '../http-protocol.ts'
import { errorIn, countOf, isCount, parseObject, textAt } from '../json.ts'
import { promptText } from '../prompt-text.ts'
import { asLines } from '../sample-answer.ts'
import { temperatureOf } from '../sampling.ts'
import { isRecord } from '../wire/failure.ts'
import { listed } from './model-list.ts'

/** Ollama's own API, which streams lines. */
export const ollamaProtocol: HttpProtocol<OllamaTargetSpec> = {
  call: 'ollama()',
  framing: 'ndjson',
  lacks: ['minTokens', 'ignoreEos', 'n'],
  request(asked, spec, model) {
    const chat = spec.api === 'chat'
    return {
      path: chat ? '/api/chat' : '/api/generate',
      body: {
        model,
        ...(chat ? { messages: asked.messages } : { prompt: promptText(asked.messages) }),
        stream: asked.stream,
        options: {
          num_predict: asked.maxTokens,
          temperature: temperatureOf(asked),
          top_p: asked.topP,
          top_k: asked.topK,
          seed: asked.seed,
        },
      },
    }
  },
  decode,
  incidental: ['created_at'],
  async probe(probe) {
    const { spec, doors } = probe
    const lists = await Promise.all(doors.map((door) => probe.ask(door, `${door.address.path}/api/tags`)))
    const model = spec.model ?? modelNames(lists[0]?.body)[0]
    for (const [i, list] of lists.entries()) {
      const url = doors[i]!.address.shown
      const names = modelNames(list?.body)
      if (model === undefined) throw new LlmBenchError('TARGET', `${url} has no model: pull one, or name the \`model\``)
      if (list === undefined || names.includes(model) || names.includes(`${model}:latest`)) continue
      throw new LlmBenchError('TARGET', `${url} has no model ${JSON.stringify(model)}; it has: ${listed(names)}`)
    }
    const { body } = await probe.askAside(doors[0], `${doors[0].address.path}/api/version`)
    const version = textAt(body, 'version')
    return { model, version: version === undefined ? undefined : `Ollama ${version}` }
  },
  sampleAnswer: asLines(
    ...['Hello', ' there', ',', ' you'].map(
      (text) => `{"model":"m","created_at":"2026-01-01T00:00:00.000000Z","message":{"role":"assistant","content":"${text}"},"done":false}`,
    ),
    '{"model":"m","created_at":"2026-01-01T00:00:00.000000Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"length","total_duration":9,"prompt_eval_count":3,"eval_count":4,"eval_duration":5}',
  ),
}

function modelNames(list: unknown): string[] {
  const models = isRecord(list) && Array.isArray(list.models) ? (list.models as unknown[]) : []
  return models.flatMap((model) => textAt(model, 'name') ?? [])
}

function decode(json: string, sink: AnswerSink): void {
  const value = parseObject(json)
  const error = errorIn(value)
  if (error !== undefined) return sink.serverError(error)
  // The one API has its text in `message`, the other in the line itself.
  const { message } = value
  const [thinking, text] = isRecord(message) ? [message.thinking, message.content] : [value.thinking, value.response]
  if (typeof thinking === 'string') sink.token(0, thinking, 'reasoning')
  if (typeof text === 'string') sink.token(0, text, 'answer')
  if (value.done !== true) return
  const { prompt_eval_count: prompt, eval_count: output } = value
  // A prompt that lies in its cache has no count.
  if (isCount(output)) sink.usage(countOf(prompt), output)
  sink.finish(0, finishReason(value.done_reason))
}

import type { AnswerSink } from '../../answer.ts'
import type { JSONObject } from '../../json.ts'
import { errorIn, isCount, parseObject } from '../../json.ts'
import { isRecord } from '../../wire/failure.ts'

/**
 * Tells what the JSON of one event or of a whole body says, of chat and of plain completions alike.
 * @throws {WireError} `protocol` where it is no JSON object
 */
export function decode(json: string, sink: AnswerSink): void {
  const value = parseObject(json)
  const error = errorIn(value)
  if (error !== undefined) return sink.serverError(error)
  const { choices, usage } = value
  if (Array.isArray(choices)) for (const choice of choices) if (isRecord(choice)) decodeChoice(choice, sink)
  if (isRecord(usage) && isCount(usage.prompt_tokens) && isCount(usage.completion_tokens)) {
    sink.usage(usage.prompt_tokens, usage.completion_tokens)
  }
}

function decodeChoice(choice: JSONObject, sink: AnswerSink): void {
  const index = isCount(choice.index) ? choice.index : 0
  const message = choice.delta ?? choice.message
  if (typeof choice.text === 'string') sink.token(index, choice.text, 'answer')
  if (isRecord(message)) decodeMessage(index, message, sink)
  if (typeof choice.finish_reason === 'string' && choice.finish_reason !== '') sink.finish(index, choice.finish_reason)
}

function decodeMessage(index: number, message: JSONObject, sink: AnswerSink): void {
  // Newer vLLM sends the same reasoning under both names.
  const reasoning = message.reasoning_content ?? message.reasoning
  if (typeof reasoning === 'string') sink.token(index, reasoning, 'reasoning')
  if (typeof message.content === 'string') sink.token(index, message.content, 'answer')
  else if (Array.isArray(message.content)) sink.token(index, message.content.map(textOfPart).join(''), 'answer')
  if (typeof message.refusal === 'string') sink.token(index, message.refusal, 'answer')
  if (Array.isArray(message.tool_calls)) sink.token(index, message.tool_calls.map(textOfToolCall).join(''), 'answer')
}

function textOfPart(part: unknown): string {
  return isRecord(part) && typeof part.text === 'string' ? part.text : ''
}

function textOfToolCall(call: unknown): string {
  if (!isRecord(call) || !isRecord(call.function)) return ''
  const { name, arguments: args } = call.function
  return (typeof name === 'string' ? name : '') + (typeof args === 'string' ? args : '')
}

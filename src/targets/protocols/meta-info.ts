import type { AnswerSink } from '../answer.ts'
import { finishReason } from '../finish-reason.ts'
import type { JSONObject } from '../json.ts'
import { countOf, isCount } from '../json.ts'
import { cut, isRecord } from '../wire/failure.ts'

/** Tells what `meta_info` of SGLang's and LMDeploy's own APIs says: the counts so far, and why the answer finished once it has. */
export function decodeMetaInfo({ meta_info: info }: JSONObject, sink: AnswerSink): void {
  if (!isRecord(info)) return
  const { prompt_tokens: prompt, completion_tokens: output, finish_reason: reason } = info
  if (isCount(output)) sink.usage(countOf(prompt), output)
  if (reason === undefined || reason === null) return
  const type = finishReason(isRecord(reason) ? reason.type : reason)
  if (type === 'abort' && isRecord(reason) && typeof reason.message === 'string') sink.serverError(cut(reason.message))
  else sink.finish(0, type)
}

/**
 * What a target of one's own is written with; this package's targets are written with the same.
 * @module vitest-llm-bench/target
 */
export type { CustomTargetSpec } from './dsl/custom-target.ts'
export type { HttpTargetSpec } from './dsl/http-target.ts'
export { LlmBenchError } from './errors.ts'
export type { Clock } from './metrics/clock.ts'
export { AnswerBuilder } from './targets/answer.ts'
export type { AnswerSink } from './targets/answer.ts'
export { finishReason } from './targets/finish-reason.ts'
export type { Decode, Framing, HttpProtocol, ProtocolRequest } from './targets/http-protocol.ts'
export { httpTarget } from './targets/http-target.ts'
export { errorIn, isCount, parseObject, textAt } from './targets/json.ts'
export type { JSONObject } from './targets/json.ts'
export type { Door, JSONAnswer, Probe } from './targets/probe.ts'
export { promptText } from './targets/prompt-text.ts'
export { asEvents, asLines } from './targets/sample-answer.ts'
export { samplingFields } from './targets/sampling.ts'
export type { SamplingFields } from './targets/sampling.ts'
export type {
  Answer,
  Choice,
  GenerateRequest,
  LackingTarget,
  MakeTarget,
  RequestOption,
  StoodIn,
  Target,
  TargetContext,
  TargetInfo,
} from './targets/target.ts'
export { WireError } from './targets/wire/failure.ts'
export type { Failure } from './targets/wire/failure.ts'
export { NdjsonReader } from './targets/wire/ndjson.ts'
export { SseReader } from './targets/wire/sse.ts'
export type { OnEvent, TakeKnown } from './targets/wire/sse.ts'

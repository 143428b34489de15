/**
 * What a bench file imports: workloads, targets, engines and datasets.
 * @module vitest-llm-bench
 */
export { gsm8k, jsonl, parquet, prompts, shareGPT, synthetic, text } from './dsl/datasets.ts'
export type { DatasetInput, DatasetSpec } from './dsl/datasets.ts'
export { llama } from './dsl/engines.ts'
export type { EngineSpec } from './dsl/engines.ts'
export { lmdeployEngine, paddle, rosellm, sglangEngine, transformers, vllm } from './dsl/python-engines.ts'
export { launch } from './dsl/launch.ts'
export type { LaunchOptions } from './dsl/launch.ts'
export {
  fastdeployServer,
  lightllmServer,
  llamaServer,
  lmdeployServer,
  pplServer,
  sglangServer,
  transformersServer,
  vllmServer,
} from './dsl/servers.ts'
export { simulator } from './dsl/simulator.ts'
export type { SimulatorOptions } from './dsl/simulator.ts'
export { target } from './dsl/custom-target.ts'
export type { CustomTargetOptions } from './dsl/custom-target.ts'
export { amsv2, fastdeploy, lightllm, llamacpp, lmdeploy, ollama, sglang, tgi, triton } from './dsl/native-targets.ts'
export { ppl } from './dsl/ppl-target.ts'
export { embedded, openai } from './dsl/targets.ts'
export type { TargetSpec } from './dsl/targets.ts'
export type { Workload } from './dsl/workload.ts'
export type { WorkloadSpec } from './dsl/workload-spec.ts'
export { clients, offline, oneBatch, requestRate, rollout } from './dsl/workloads.ts'
export type {
  ClientsOptions,
  OfflineOptions,
  OneBatchOptions,
  RequestOptions,
  RequestRateOptions,
  RolloutOptions,
  SamplingOptions,
} from './dsl/workloads.ts'
export { LlmBenchError } from './errors.ts'
export type { ErrorCode } from './errors.ts'
export type { RepeatOptions } from './dsl/repeats.ts'
export type { AbortOnOption, WarmupOption } from './dsl/run-control.ts'
export type { ValidityOptions } from './dsl/validity.ts'
export type { BatchMetrics, ClientMetrics, Distribution, RequestMetrics, RunMetrics } from './metrics/summary-types.ts'
export type { Hold } from './verdict/hold-types.ts'
export type { SLO } from './verdict/slo.ts'
// With this, Vitest's own types know of workloads.
export type { WorkloadRegistration } from './vitest/augment.ts'
export type { WorkloadResult } from './vitest/bench-result.ts'

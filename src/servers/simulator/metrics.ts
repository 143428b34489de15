/** What the server counts; names as vLLM has them. */
export interface SimulatorCounts {
  readonly running: number
  readonly waiting: number
  /** Share of the nominal KV cache that running sequences hold. */
  readonly kvCacheUsage: number
  readonly promptTokens: number
  readonly generationTokens: number
  /** Whole answers by their finish reason. */
  readonly succeeded: Readonly<Record<'stop' | 'length', number>>
}

/** The counts in Prometheus' text format, under vLLM's names, old and new. */
export function prometheusText(model: string, counts: SimulatorCounts): string {
  const label = `engine="0",model_name="${model.replaceAll(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`))}"`
  const metric = (name: string, type: 'counter' | 'gauge', help: string, value: number): string =>
    `# HELP vllm:${name} ${help}\n# TYPE vllm:${name} ${type}\nvllm:${name}{${label}} ${value}\n`
  const succeeded = Object.entries(counts.succeeded)
    .map(([reason, count]) => `vllm:request_success_total{${label},finished_reason="${reason}"} ${count}\n`)
    .join('')
  return (
    metric('num_requests_running', 'gauge', 'Number of requests that generate.', counts.running) +
    metric('num_requests_waiting', 'gauge', 'Number of requests that wait to be processed.', counts.waiting) +
    metric('kv_cache_usage_perc', 'gauge', 'KV-cache usage. 1 means 100 percent usage.', counts.kvCacheUsage) +
    metric('gpu_cache_usage_perc', 'gauge', 'The same under its older name.', counts.kvCacheUsage) +
    metric('prompt_tokens_total', 'counter', 'Number of prefill tokens processed.', counts.promptTokens) +
    metric('generation_tokens_total', 'counter', 'Number of generation tokens processed.', counts.generationTokens) +
    `# HELP vllm:request_success_total Count of requests that were answered.\n# TYPE vllm:request_success_total counter\n${succeeded}`
  )
}

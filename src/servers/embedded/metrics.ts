/** What the server counts; names as llama-server has them. */
export interface ServerCounts {
  /** Prompt tokens that were evaluated, since the start. */
  readonly promptTokens: number
  /** Tokens generated, since the start. */
  readonly predictedTokens: number
  readonly processing: number
  readonly deferred: number
}

/** The counts in Prometheus' text format. */
export function prometheusText(counts: ServerCounts): string {
  return (
    metric('prompt_tokens_total', 'counter', 'Number of prompt tokens processed.', counts.promptTokens) +
    metric('tokens_predicted_total', 'counter', 'Number of generation tokens processed.', counts.predictedTokens) +
    metric('requests_processing', 'gauge', 'Number of requests processing.', counts.processing) +
    metric('requests_deferred', 'gauge', 'Number of requests deferred.', counts.deferred)
  )
}

function metric(name: string, type: 'counter' | 'gauge', help: string, value: number): string {
  return `# HELP llamacpp:${name} ${help}\n# TYPE llamacpp:${name} ${type}\nllamacpp:${name} ${value}\n`
}

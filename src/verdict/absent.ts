import type { MetricDefinition } from '../metrics/metric-names.ts'
import type { RequestMetrics } from '../metrics/summary-types.ts'
import type { RequestSubject } from './subject.ts'

/** Why a run of requests lacks a figure, and what to change. */
export function whyAbsent({ metrics, openLoop }: RequestSubject, metric: MetricDefinition): string {
  const { name, distribution } = metric
  if (metrics.requests === 0) return 'no request was started'
  if (name.startsWith('fromSchedule.') && openLoop === false) {
    return 'latencies from the schedule exist for open-loop load (requestRate()) alone'
  }
  if (distribution === 'connect') return 'no request opened a connection'
  if (metrics.completed === 0) return `no request completed${firstError(metrics)}`
  if (name.startsWith('steady.') && !metrics.steady) {
    return 'the run has no steady window, or no request finished in it: run longer, or assert the figure of the whole run'
  }
  if (name.startsWith('fromSchedule.') && !metrics.fromSchedule) {
    return 'latencies from the schedule exist for open-loop load (requestRate()) alone'
  }
  const latency = distribution?.split('.').at(-1)
  if (latency === undefined) return whyNoRate(metrics, name)
  if (latency === 'scheduleDelay') return 'no request was sent'
  const scope = name.startsWith('steady.') ? ' inside the steady window' : ''
  if (latency === 'e2e') return `no request was sent and finished${scope}`
  if (!metrics.ttft) return 'the answers were not streamed (stream: false), so that only E2E latency is known'
  switch (latency) {
    case 'ttfo':
      return `no answer got beyond its reasoning${scope}: raise maxTokens`
    case 'itl':
      return `no answer came in more than one chunk${scope}`
    case 'tpot':
    case 'perUserTokensPerSecond':
      return metrics.outputTokens === undefined
        ? 'the number of output tokens is unknown'
        : `no answer had more than one output token${scope}, or all came at once`
    default:
      return `no request was sent and finished${scope}`
  }
}

function whyNoRate(metrics: RequestMetrics, name: string): string {
  if (name.endsWith('okensPerSecond')) {
    if (metrics.outputTokens === undefined) return 'the number of output tokens is unknown for some requests'
    if (metrics.inputTokens === undefined) return 'the number of prompt tokens is unknown for some requests'
  }
  return 'the load took no time'
}

function firstError({ errors }: RequestMetrics): string {
  return errors[0] ? `; the first error: ${errors[0].example}` : ''
}

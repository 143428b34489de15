import { nearest, show } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import { LATENCIES, type LatencyName, type MetricDefinition } from '../metrics/metric-names.ts'
import { flattenMetrics } from './metric-paths.ts'
import type { CaseSelector } from './slo-types.ts'
import { parseThresholds, type Threshold } from './threshold.ts'

/** What a matcher was given, checked: one part for each SLO object. */
export type ParsedSLO = readonly SLOPart[]

/** One SLO object, checked. */
export interface SLOPart {
  readonly thresholds: readonly { readonly metric: MetricDefinition; readonly threshold: Threshold }[]
  readonly goodput?: ParsedGoodput
  readonly case?: CaseSelector
  readonly allowFewSamples: boolean
}

/** A goodput clause: limits for each request, and what is asked of the requests that meet them all. */
export interface ParsedGoodput {
  readonly limits: readonly { readonly latency: LatencyName; readonly threshold: Threshold }[]
  readonly share: readonly Threshold[]
  readonly rate: readonly Threshold[]
}

const MATCHER = 'toMeetSLO()'
const CLAUSES = ['goodput', 'case', 'allowFewSamples']
const CASE_NAMES = ['batch', 'inputLength', 'outputLength']
const GOODPUT_NAMES = [...LATENCIES, 'share', 'rate']

/**
 * Checks an SLO, or a list of them.
 * @throws {LlmBenchError} `UNKNOWN_METRIC` or `INVALID_THRESHOLD`: names the place, the value and what is allowed
 */
export function checkSLO(slo: unknown): ParsedSLO {
  const parts = (Array.isArray(slo) ? slo : [slo]).map(checkPart)
  if (parts.length === 0) throw invalid(`${MATCHER} got an empty list: name at least one threshold`)
  const seen = new Set<string>()
  for (const part of parts) {
    const where = part.case ? ` for the case ${show(part.case)}` : ''
    for (const metric of new Set(part.thresholds.map(({ metric }) => metric))) {
      const name = `\`${metric.name}\`${where}`
      if (seen.has(name)) throw invalid(`${MATCHER} names ${name} twice`)
      seen.add(name)
    }
  }
  return parts
}

function checkPart(slo: unknown): SLOPart {
  if (!isRecord(slo)) throw invalid(`${MATCHER} got ${show(slo)}: expected thresholds, such as { ttft: { p99: '<= 200ms' } }`)
  const { goodput, case: selector, allowFewSamples = false, ...metrics } = slo
  if (typeof allowFewSamples !== 'boolean') throw invalid(`\`allowFewSamples\` is ${show(allowFewSamples)}: expected true or false`)
  const part = {
    thresholds: flattenMetrics(metrics, MATCHER, CLAUSES).flatMap(({ metric, value }) =>
      parseThresholds(value, metric).map((threshold) => ({ metric, threshold })),
    ),
    ...('goodput' in slo ? { goodput: checkGoodput(goodput) } : {}),
    ...('case' in slo ? { case: checkCase(selector) } : {}),
    allowFewSamples,
  }
  if (part.thresholds.length === 0 && !part.goodput) {
    throw invalid(`${MATCHER} names no threshold: give it one, such as { ttft: { p99: '<= 200ms' } }`)
  }
  return part
}

function checkGoodput(goodput: unknown): ParsedGoodput {
  const example = "{ ttft: '<= 200ms', share: '>= 95%' }"
  if (!isRecord(goodput)) throw invalid(`\`goodput\` is ${show(goodput)}: expected limits for each request, such as ${example}`)
  refuseStrangers(goodput, 'goodput', GOODPUT_NAMES)
  const limits = LATENCIES.filter((latency) => latency in goodput).flatMap((latency) => {
    const name = `goodput.${latency}`
    return parseThresholds(goodput[latency], { name, unit: 'ms', direction: 'max' }).map((threshold) => {
      if (threshold.direction === 'max') return { latency, threshold }
      throw invalid(`\`${name}\` is ${show(goodput[latency])}: limits of goodput are upper ones, such as '<= 200ms'`)
    })
  })
  if (limits.length === 0) throw invalid(`\`goodput\` has no limit for each request: give it one, such as ${example}`)
  if (!('share' in goodput) && !('rate' in goodput)) {
    throw invalid(`\`goodput\` asks nothing of the requests that meet its limits: add share ('>= 95%') or rate ('>= 10 req/s')`)
  }
  const { share, rate } = goodput
  return {
    limits,
    share: 'share' in goodput ? parseThresholds(share, { name: 'goodput.share', unit: '%', direction: 'min' }) : [],
    rate: 'rate' in goodput ? parseThresholds(rate, { name: 'goodput.rate', unit: 'req/s', direction: 'min' }) : [],
  }
}

/** Checks which cases of a static batch are meant. */
export function checkCase(selector: unknown): CaseSelector {
  if (!isRecord(selector) || Object.keys(selector).length === 0) {
    throw invalid(`\`case\` is ${show(selector)}: expected some of { ${CASE_NAMES.join(', ')} }, such as { batch: 8 }`)
  }
  refuseStrangers(selector, 'case', CASE_NAMES)
  for (const [name, length] of Object.entries(selector)) {
    if (!Number.isInteger(length) || (length as number) < 1) {
      throw invalid(`\`case.${name}\` is ${show(length)}: expected a whole number from 1`)
    }
  }
  return selector
}

function refuseStrangers(clause: object, name: string, known: readonly string[]): void {
  const stranger = Object.keys(clause).find((key) => !known.includes(key))
  if (stranger === undefined) return
  const near = nearest(stranger, known)
  throw new LlmBenchError(
    'UNKNOWN_METRIC',
    `\`${name}\` has no \`${stranger}\`: ${near ? `did you mean \`${near}\`?` : `it takes: ${known.join(', ')}`}`,
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(message: string): LlmBenchError {
  return new LlmBenchError('INVALID_THRESHOLD', message)
}
